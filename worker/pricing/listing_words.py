"""Words that only whoever prices a listing must know, beside those that mapping knows too (``junk``)."""

from worker.pricing.junk import Junk

MORE: dict[Junk, str] = {
    "fake": """
        3d printed | acrylic card | art by | black gold cards | bootlegs | commemorative card |
        contrefacon | copy card | custom card | custom made | customised | customized | diy |
        fake card | falsa | falsch | falso | fanmade card | fantasy card | gold cards | gold foil card |
        gold foil cards | gold foil plated | gold foil pokemon | gold metal | gold metal cards |
        gold plated metal | gold sticker | golden cards | goldplated | hand drawn | hologram sticker |
        inspired by | metal card | metal cards | metal gold | non official | non original |
        not authentic | not genuine | not official | ooak | orika | photocopy | printed copy | proxi |
        proxie | prxy | rainbow foil cards | recreation | replica card | replika | reproductions |
        silver foil cards | slime | stainless steel | gold foil | sticker card | vinyl card
    """,
    "several": """
        unsearched |
        both cards | bundle deal | card lot | cards lot | collection lot | collection of |
        collection set | complete evolution | complete your collection | duo | entire collection |
        evo line | evo set | evolution line set | full playset | grab | gradable lot | job lot |
        konvolut | lote | lots of cards | lotto | mix | mixed lot | mystery lot | pair set | quad set |
        repack lot | sammlung | set bundle | set complete | set lot | stack | trio |
        wholesale
    """,
    "choice": """
        a eleccion | a scegliere | all cards available | au choix | aussuchen | auswahl | build your |
        buy 2 get 1 | buy 3 get 1 | choose any | choose card | choose condition | choose from |
        choose quantity | choose singles | choose your | complete ur set | fill your set | freie auswahl |
        make a choice | make your own | multiple available | multiple cards available | pick a |
        pick and choose | pick any | pick from | pick your | see list | select card | select from |
        set complete your set | singles available | u choose | u pick | you choose | you pick | you select |
        zum aussuchen
    """,
    "sealed": """
        advent calendar | battle deck | blaster | blister pack | booster box | booster bundle |
        booster display | booster pack | booster packs | box set | build and battle | case sealed |
        cello pack | checklane | collection box | collector box | collector chest | commander deck | deck |
        deck sealed | display | etbs | ex collection | factory sealed | fat pack | figure collection |
        gift set | gx collection | hanger | hobby box | illustration collection | intro pack |
        league battle deck | live rip | lunch box | lunchbox | mega box | mini tin | mystery box |
        mystery pack | pack break | pin collection | poke ball tin | pokeball tin | poster collection |
        precon | preconstructed | premium collection | prize pack series | pull game | rack pack |
        rip and ship | sealed pack | spc | special collection | stacking tin | starter deck | starter kit |
        starter set | sticker collection | structure deck | super premium collection | theme decks |
        toolkit | trainer box | trainer kit | trainers box | treasure chest | ultra premium collection |
        upc | v collection | vmax collection | vstar collection | wax box | wax pack
    """,
    "digital": """
        account | arena account | arena code | digital card | digital code | distribution code |
        e mail delivery | email delivery | emailed | event code | gift code | instant delivery | live code |
        mtg arena | mtgo | mystery gift | online codes | pocket account | psd | ptcg live | ptcg online |
        redeem | redemption code | screensaver | shiny trade | tcg live code | tcg pocket account | tcgp |
        template | unredeemed | unused code | virtual | wallpaper
    """,
    "merchandise": """
        12 pocket | 4 pocket | 9 pocket | acrylic case | acrylic display | acrylic marker |
        acrylic protector | bcw | bead | binder page | binder pages | blanket | book | bookmark |
        bookmarks | booster wrapper | box only | cap | card album | card armor | card binder | card holder |
        card saver | card savers | card sleeves | card stand | cardboard | cartridge | case only |
        centering tool | charm | comic | cookie cutter | costume | damage counter | damage counters |
        deck boxes | deck protector | dice | display case | display case only | display frame |
        display stand | dragon shield | dvd | earrings | empty | empty box | empty pack | empty slab |
        empty tin | empty wrapper | enamel pin | figurines | frame | funko pop | game boy | gameboy |
        gamegenic | graded card case | graded card display | graded card frame | graded card holder |
        graded card stand | grading kit | grading tool | guide book | gx marker | hat | hoodie | iron on |
        jumbo card | key chain | label | lanyard | led | magazine | magnetic holder | marker acrylic |
        marker set | metal tin | mini slab | model kit | mousepads | necklace | nendoroid | night light |
        nightlight | nintendo | one touch | ornament | oversized card | pack art | painting | patch |
        pendant | penny sleeves | pez | phone case | photo frame | pillow | pin badge | play mat |
        playmats | plushie | pocket binder | pocket pages | protector | shadow box | skin | slab case |
        slab keychain | slab label | slab stand | sleeve only | sock | socks | squishmallow | standee |
        statue | sticker only | sticker sheet | stickers sheet | storage box | strategy guide | t shirt |
        tapestry | tattoo | tattoos | tin only | top loaders | toploaders | toy | tshirt | ultimate guard |
        ultra pro | vault x | vhs | video game | vinyl sticker | vstar marker | wallet | wrapper only |
        wrapping paper | zip binder
    """,
    "other_product": """
        auto signed | autographed by | cosmos stamp | crimped error | d edition | double stamped |
        eb games stamp | error card | filler card | gamestop stamp | ghost shadow | gray stamp error |
        hand signed | holo error | ink error | league promo stamp | misprint error | no damage error |
        no rarity symbol | no stamp error | off center error | off cut | offcut | pokemon center stamp |
        pokemon day stamp | prerelease stamp | print error | printing error | proxy stamp | psa dna |
        red cheeks | snowflake stamp | staff promo | staff stamp | toys r us stamp | wcd |
        world champion deck | world championship deck
    """,
}
WEAK = """
    account | acrylic case | acrylic display | advent calendar | album | badge | battle academy |
    battle deck | bcw | bead | blank | blister | book | booster bundle | box set | build and battle |
    canvas | cap | card armor | case | cases | charm | codes | coin | coins | collection box |
    collector box | collector chest | comic | costume | deck | dice | display | display case | download |
    dragon shield | dummy | duo | duplicates | elite trainer box | engraved | etb | ex collection |
    extended | figure | figure collection | file | files | frame | gamegenic | gift set | gold foil | grab |
    guaranteed | gx collection | hat | label | large | league battle deck | led | lego | list | magazine |
    marker | merlin | mini tin | mix | painted | painting | pair | patch | pin | pin collection | pins |
    placeholder | portfolio | poster collection | premium collection | puzzle | random | select | skin |
    spc | special collection | stack | starter deck | starter set | sticker collection |
    super premium collection | surprise | swap | swapped | template | theme deck | tin | tins | token |
    tokens | towel | toy | trainer kit | ultimate guard | ultra premium collection | ultra pro | upc |
    v collection | variants | various | vault x | vending | virtual | vmax collection | vstar collection
"""
"""They say little where the title names one card by its number, or a slab; most are words of cards' names."""
WITH_POKEMON = "topps panini merlin bandai meiji carddass topsun"
"""Makers of other cards: another product where the title speaks of Pokémon, and none elsewhere."""
RISKS = """
    all sales final | as is | as pictured | as seen | condition unknown | final sale | for parts |
    look at pics | no return | no returns | please read | read desc | read description |
    see description | see photos | see pics | see pictures | sold as is | unsure of condition |
    unverified
"""
"""They raise doubts and leave nothing out."""
