"""Words that sound like junk in a listing and are none: said of single cards, or words of their names."""

HARMLESS = """
    1st anniversary | 1st movie | 1st place | 2 player | a lot | add to your collection | any collection |
    art collection | base set 2 | base set ii | battle academy deck | binder copy | binder fresh |
    binder kept | binder pull | binder pulled | blister exclusive | blister promo | booster promo |
    box exclusive | box of disaster | box promo | box topper promo | bundle and save | bundle discount |
    bundle discounts | bundle for | bundle shipping | bundle to save | bundle your | bundles welcome |
    bundling | card saver included | case fresh | case sold separately | childs collection |
    classic collection | collection box promo | collection clearance | collection from | collection piece |
    collection promo | collection sale | comic promo | corocoro comic | elite trainer box promo |
    etb exclusive | etb promo | etb stamp | for your collection | free sleeve | game boy promo |
    gold card secret | great for collection | huge collection | in binder | kept in binder |
    large collection | legendary collection | lot more | lots more | magazine promo | mcdonalds collection |
    mini album | new case | new sleeve | nintendo black star | nintendo gamefreak | nintendo pokemon |
    nintendo promo | nintendo tcg | nintendo wizards | one touch included | pack exclusive | pack promo |
    panini mosaic | panini prizm | panini select | partner pack | penny sleeve and toploader |
    perfect fit sleeve | pick up | pokemon box | premium collection promo | premium file | promo box |
    radiant collection | select prizm | selling collection | sleeve and top loader |
    southern islands collection | special collection promo | starter deck exclusive | stored in binder |
    the collection | theme deck promo | tin exclusive | tin promo | topps chrome |
    ultra premium collection promo | upc promo | vending series | world collection | your collection
"""
"""Said of single cards: where they come from, how they are sent, what they were a promotion of."""
NAMES = """
    amulet coin | ancient booster energy | ancient booster energy capsule | aqua patch |
    basic metal energy | battle box | bent spoon | big charm | booster energy | booster energy capsule |
    bravery charm | coin toss | cursed coin | custom catcher | damage mover | damage pump |
    dark patch | earth patch | energy coin | energy patch | energy sticker | felt hat | full metal |
    full metal lab | full metal wall | futsal collection | future booster energy capsule | gem pack |
    gimmighoul coin | glowing patch | grass patch | greedy dice | guide book energy | hard charm |
    holo bleed | iron bundle | legend box | letter box | lost box | metal coat | metal core barrier |
    metal energy | metal frying pan | metal goggles | metal patch | metal pokemon | metal saucer |
    metal special | metal transfer | metal type | mistys tears | mystery energy | mystery garden |
    mystery plate | mystery zone | plasma badge | psychic patch | puzzle of time | random receiver |
    reset stamp | reverse valley | secret box | sp energy | special metal energy | stained glass |
    sticker energy | straw hat | strength charm | surprise box | surprise time machine |
    team plasma badge | team rockets badge | tool box | toy catcher | trick coin | turbo patch |
    unfair stamp | water patch
"""
"""Names of cards, and words of them, in which something else is meant by a word."""
FROM = "from after my our personal childhood private estate old dads sons brothers childrens"
FROM_WHAT = """
    a an the my our old personal childhood private estate new fresh sealed booster elite trainer premium
    vintage huge large big binder pack box card cards pokemon collectors theme starter freshly opened
    original family opening opened
"""
PLACES = "collection binder pack packs box boxes tin etb deck upc booster bundle album case"
SENT = "to into in with comes includes include included ships sent shipped plus incl"
SENT_HOW = """
    in a an and the new free penny top hard plastic protective acrylic magnetic one touch semi rigid perfect
    fit card sleeve sleeved toploader loader inner team clear case
"""
PROTECTION = """
    binder sleeve sleeves case toploader toploaders loader holder saver savers touch protector sleeved bag mag
"""
OFFERED = "shipping discount discounts combine combined combining save saving savings deal deals off"
OFFERED_FOR = "on for with and in your of all"
TOGETHER = "bundle bundles lots lot multiple multiples"
