"""Words that only whoever prices a listing must know, beside those that mapping knows too (``junk``)."""

from worker.pricing.junk import Junk

MORE: dict[Junk, str] = {
    "fake": """
        custom made | gold foil cards | gold foil card | gold foil pokemon | gold cards | silver foil cards |
        gold metal cards | rainbow foil cards | black gold cards | gold foil plated | metal cards | golden cards | custom card | customised | customized | hand drawn | gold metal | metal card | metal gold |
        gold plated metal | goldplated | stainless steel | sticker card | vinyl card | acrylic card | fake card |
        replica card | ooak | art by | fantasy card | commemorative card | 3d printed | non official | bootlegs |
        not official | not genuine | not authentic | copy card | orika | proxi | proxie | prxy | replika |
        falsch | contrefacon | falso | falsa | inspired by | hologram sticker | gold sticker | slime |
        non original | recreation | reproductions | photocopy | printed copy | diy | fanmade card
    """,
    "several": """
        2 card set | duo | trio | quad set | job lot | bundle deal | set complete | full playset | mixed lot |
        card lot | cards lot | mix | grab | konvolut | sammlung | lotto | lote | stack | set bundle | 2 cards |
        both cards | mystery lot | gradable lot | starter set | pair set | 2pc | 3pc | wholesale |
        complete your collection | evolution line set | evo line | evo set | complete evolution | set lot |
        repack lot | collection of | entire collection | collection lot | collection set | lots of cards
    """,
    "choice": """
        choose your | you choose | u choose | u pick | you pick | pick your | pick a | choose from | pick from |
        choose card | select card | select from | pick any | choose any | pick and choose | choose singles |
        multiple available | multiple cards available | see list | singles available | build your | any 5 |
        choose quantity | make your own | complete ur set | choose condition | make a choice | fill your set |
        buy 2 get 1 | buy 3 get 1 | all cards available | you select | auswahl | aussuchen | au choix |
        a scegliere | a eleccion | freie auswahl | zum aussuchen
    """,
    "sealed": """
        booster pack | booster box | booster packs | booster bundle | collector box | upc | spc | case sealed |
        factory sealed | sealed pack | blister pack | starter deck | structure deck | battle deck | preconstructed |
        precon | commander deck | deck sealed | league battle deck | build and battle | trainer box | trainers box |
        mystery pack | mystery box | mini tin | poke ball tin | pokeball tin | lunch box | lunchbox | hanger | pull game |
        hobby box | blaster | mega box | fat pack | rip and ship | live rip | pack break | box set | gift set |
        premium collection | ultra premium collection | collection box | special collection | trainer kit |
        super premium collection | figure collection | pin collection | poster collection | treasure chest |
        collector chest | advent calendar | stacking tin | 3 pack | checklane | etbs | display | booster display |
        theme decks | starter kit | intro pack | cello pack | rack pack | wax box | wax pack | prize pack series
    """,
    "digital": """
        digital card | digital code | email delivery | e mail delivery | emailed | instant delivery |
        online codes | live code | ptcg live | ptcg online | redeem | redemption code | tcg live code |
        tcgp | tcg pocket account | pocket account | account | mtgo | arena code | mtg arena | unused code |
        unredeemed | virtual | screensaver | wallpaper | psd | template
    """,
    "merchandise": """
        jumbo card | oversized card | key chain | playmats | play mat | deck boxes | card holder | toy |
        display frame | display stand | card stand | empty | empty box | empty tin | empty pack | empty wrapper |
        empty slab | booster wrapper | pack art | display case only | case only | box only | wrapper only | tin only |
        label | slab label | sticker sheet | stickers sheet | vinyl sticker | pin badge | enamel pin | necklace |
        phone case | mousepads | t shirt | tshirt | hoodie | hat | cap | sock | socks | blanket | pillow |
        plushie | figurines | statue | model kit | nendoroid | bookmark | bookmarks | cookie cutter | ornament |
        tapestry | painting | wallet | lanyard | patch | iron on | tattoo | tattoos | comic | dvd | vhs |
        strategy guide | book | guide book | magazine | sleeve only | card sleeves | deck protector |
        one touch | magnetic holder | graded card case | slab case | protector | top loaders | toploaders |
        card saver | card savers | storage box | penny sleeves | binder page | binder pages | game boy | gameboy |
        nintendo | cartridge | video game | metal tin | damage counter | damage counters | dice | marker set |
        photo frame | frame | shadow box | cardboard | standee | led | night light | nightlight | skin |
        sticker only | wrapping paper | bead | charm | pendant | earrings | squishmallow | funko pop | pez
    """,
    "other_product": """
        autographed by | hand signed | auto signed | psa dna | misprint error | error card | printing error |
        print error | off center error | double stamped | prerelease stamp | staff stamp | staff promo |
        world champion deck | wcd | world championship deck | proxy stamp | holo error | no rarity symbol |
        ink error | crimped error | off cut | offcut | snowflake stamp | pokemon center stamp | gamestop stamp |
        eb games stamp | toys r us stamp | cosmos stamp | league promo stamp | pokemon day stamp | red cheeks |
        gray stamp error | d edition | no stamp error | no damage error | ghost shadow | filler card
    """,
}
WEAK = """
    account | album | badge | battle academy | battle deck | bead | binder | blank | book | canvas | cap
    | case | cases | charm | codes | coin | coins | collection | comic | dice | display | download |
    dummy | duo | duplicates | engraved | extended | figure | file | files | frame | grab | guaranteed |
    hat | label | large | led | lego | list | magazine | marker | merlin | mix | painted | painting |
    pair | patch | pin | pins | placeholder | portfolio | puzzle | random | select | skin | sleeve |
    sleeves | stack | starter set | surprise | swap | swapped | template | theme deck | token | tokens |
    towel | toy | trainer kit | variants | various | vending | virtual
"""
"""They say little where the title names one card by its number, or a slab; most are words of cards' names."""
WITH_POKEMON = "topps panini merlin bandai meiji carddass topsun"
"""Makers of other cards: another product where the title speaks of Pokémon, and none elsewhere."""
HARMLESS = """
    etb promo | etb stamp | etb exclusive | elite trainer box promo | from elite trainer box | box promo | tin promo |
    collection promo | box topper promo | deck promo | theme deck promo | promo box | blister promo | promo pack fresh |
    blister exclusive | deck exclusive | starter deck exclusive | tin exclusive | box exclusive | upc promo |
    ultra premium collection promo | premium collection promo | collection box promo | special collection promo |
    from starter deck | from tin | from booster box | opened from pack | fresh pulled | pulled fresh | from upc |
    great for collection | for your collection | any collection | your collection | collection piece |
    childhood collector | collectors | collector | collector number | collector card | box of disaster |
    pokemon collector | legendary collection | radiant collection | classic collection | southern islands collection |
    trainer gallery | shiny vault | mcdonalds collection | mcdonalds | base set 2 | base set ii | trading card |
    trading card game | single card | card only | case fresh | add to your collection | must have | set of base |
    in sleeve | sleeved | case sold separately | comes in case | ships in toploader | ships in case | double sleeved |
    card saver included | in card saver | in toploader | in top loader | top loader | toploader | with toploader |
    in one touch | in a toploader | in protector | in magnetic holder | one touch included | ships in sleeve |
    sleeved and toploaded | ships sleeved | ships in a toploader | penny sleeve and toploader | shipped in case |
    sleeve and top loader | includes case | includes toploader | with card saver | new case | pokemon center |
    pokemon box | black star | poke ball | master ball | full art | alt art | art rare | illustration rare | special art |
    set symbol | card game | no reserve | gold star | gold card secret | gold secret rare | gold rare | gold hyper rare |
    secret gold | hyper gold | lot more | lots more | a lot | pocket monsters | pocket monster | game boy promo |
    nintendo promo | nintendo pokemon | nintendo black star | nintendo wizards | nintendo tcg | nintendo gamefreak |
    movie promo | comic promo | corocoro comic | corocoro | magazine promo | mini album | vending series |
    wotc | topps chrome | panini prizm | panini select | select prizm | panini mosaic | donruss optic |
    mirror | lucky | battle academy deck | world collection | art collection | premium file | premium file 1
"""
NAMES = """
    lotad | copycat | custom catcher | pokemon collector | energy removal | super energy removal | metal energy |
    special metal energy | basic metal energy | metal saucer | metal core barrier | metal goggles | metal frying pan |
    full metal wall | full metal lab | metal transfer | full metal | metal type | metal pokemon | metal special |
    amulet coin | trick coin | coin flip | surprise box | surprise time machine | legend box | tool box | battle box |
    mystery zone | mystery energy | mystery plate | mystery garden | mysterious fossil | mysterious treasures |
    random receiver | puzzle of time | item finder | computer search | choice band | choice belt | choice helmet |
    choice scarf | team plasma badge | plasma badge | frozen city | handheld fan | fan club | pokemon fan club |
    fan of waves | fan rotom | giant cape | giant bomb | giant stump | big charm | big parasol | lucky egg | metal coat |
    big air balloon | big malasada | bent spoon | twisted spoon | good rod | old rod | super rod | heavy ball |
    heavy boots | heavy baton | imposter oaks revenge | impostor oak | impostor professor oak | imposter professor oak |
    imposter oak | ace trainer | ace spec | tag team | tag switch | tag call | gold potion | gold stadium | pokegear |
    lure module | team rockets trickery | master balls | great ball | ultra ball | quick ball | luxury ball |
    dive ball | net ball | dusk ball | level ball | nest ball | timer ball | heal ball | friend ball | love ball |
    fast ball | safari ball | secret box | pokemon box | damage pump | damage mover | poke doll | poke kid |
    lillies poke doll | metagross | bag worm | counter catcher | prime catcher | boss orders | battle vip pass |
    vip pass | trainers mail | letter box | treasure energy | lost box | pal pad | hand trimmer | tool scrapper |
    xtransceiver | rotom phone | rotom dex | roller skates | team magma hideout | jammed tower | forest seal stone |
    path to the peak | nurse joy | pokemon nurse | poke ball collection | mimikyu coin | town map | town store |
    energy sticker | sticker energy | switch cart | rescue carrier | rescue stretcher | pokemon catcher |
    leafy camo poncho | card flip game | billiards | mail from bill | cook | team aqua hideout | swap holo | wood gecko |
    wooden | sudowoodo | digital porygon | porygon | porygon z | pal park | pick up | picks up | pin missile | pinsir |
    pineco | pincurchin | coin toss | gimmighoul coin | gimmighoul | gholdengo | klefki | capsakid | hatterene | hatenna |
    hattrem | palossand | frost rotom | heat rotom | wash rotom | charm energy | cursed coin | ancient booster energy |
    ancient booster energy capsule | future booster energy capsule | booster energy capsule | booster energy |
    binding mochi | sleeve of | pokemon pal city | playground | toy catcher | dream ball | memory capsule | hole in one |
    dark patch | metal patch | water patch | psychic patch | aqua patch | glowing patch | earth patch | grass patch |
    energy patch | powerful colorless energy | hidden fates | custom gear | explorers guidance | guide book energy |
    pokemon breeder | pokemon trader | pokedex | poke drawer | pokenav | team rockets badge | brocks protection |
    reversal energy | reverse valley | dual ball | premium ball | level max | unown | stained glass | holo bleed | gem pack | manga rare
"""
"""Names of cards and sets with words that mean something else in a listing; none of theirs is junk."""
RISKS = """
    read description | read desc | please read | see description | as is | no returns | no return | for parts |
    sold as is | final sale | all sales final | see pics | see photos | see pictures | look at pics | as pictured |
    as seen | unsure of condition | condition unknown | unverified
"""
"""They raise doubts and leave nothing out."""
