"""Words of coins: what says that a title is of one, and what of coins is no fair comparison."""

from worker.pricing.junk import Junk

COIN_WORDS = """
    pcgs | ngc | anacs | icg | cacg | dollar | dollars | cent | cents | penny | pennies | nickel | dime | quarter |
    quarters | half dollar | morgan | silver eagle | gold eagle | krugerrand | sovereign | bullion | kennedy |
    walking liberty | mercury dime | seated liberty | barber | wheat cent | wheat penny | wheat | lincoln cent |
    indian head | buffalo nickel | double eagle | saint gaudens | st gaudens | trade dollar | proof set |
    mint set | troy oz | 1 oz | oz | numismatic | mint mark | mintmark | obverse | ddo | ddr | franklin half | peace |
    farthing | shilling | denarius | drachm | florin | ducat | thaler | pfennig | reichsmark | kopek | ruble |
    peso | pesos | centavo | centavos | rupee | yuan | britannia | maple leaf | libertad | panda | half cent |
    large cent | two cent | three cent | commemorative half | state quarter | washington |
    uncirculated | brilliant uncirculated | roman coin | ancient coin | silver round | cameo | dcam | sheldon | vdb | eagle | liberty | roosevelt | jefferson |
    lincoln | barbers | halves | dimes | nickels | cull | sacagawea | eisenhower | ike | susan b anthony
"""
GRADERS = "pcgs ngc anacs icg segs cacg pci"
LETTERS = "ms pf pr au xf ef vf f vg g ag fr po sp"
WORDS_FOR_LETTERS = {
    "au": "AU", "xf": "XF", "ef": "XF", "vf": "VF", "vg": "VG", "ag": "AG", "ms": "MS", "pf": "PF", "pr": "PR",
    "f": "F", "g": "G", "fr": "FR", "po": "PO", "sp": "SP", "unc": "UNC", "bu": "BU", "fine": "F", "good": "G",
    "proof": "PF",
}  # fmt: skip
FAKES: dict[Junk, str] = {
    "fake": """
        replica | replicas | copy | copies | plated | gold plated | silver plated | layered | gold layered | clad copy |
        tribute | commemorative token | novelty | fantasy | fake | counterfeit | reproduction | repro | token |
        tokens | restrike copy | imitation | facsimile | not real | gold clad | 24k | 24kt | colorized | colourised |
        coloured | painted | hobo nickel | elongated | souvenir | medal copy | cast copy | magician | two headed |
        double headed | not genuine | proof replica | challenge coin | cufflinks | necklace | pendant | ring | bezel |
        keychain | jewelry | jewellery | cut coin | cut out | love token | play money | chocolate
    """,
    "several": """
        roll | rolls | lot | lots | set | sets | bag | bags | bulk | collection | group | hoard | proof set |
        mint set | type set | complete set | date set | year set | pair | bundle | starter collection | estate lot |
        unsearched | assorted | various | random | mixed dates | mixed date | coins | accumulation | mixed | bank wrapped
    """,
    "choice": "choose | pick | you pick | choose your | you choose | select | your choice | pick your | choose date",
    "merchandise": """
        album | folder | folders | whitman | dansco | holder only | empty | box only | book | guide | redbook | red book |
        capsule | capsules | display | case only | flips | ogp only | coa only | map | frame | magnifier
    """,
    "sealed": "mystery | grab bag | mystery box | surprise | blind bag",
}
WEAK = "collection group pair various set mixed ring bezel book display painted map case tube coins box coin tokens"
HARMLESS = """
    set break | from set | from roll | from a roll | from original roll | from mint set | from proof set | mint roll |
    original roll coin | roll fresh | end of roll | personal collection | my collection | old collection |
    estate collection | in capsule | with capsule | in holder | old holder | no cleaning | never cleaned | uncleaned |
    not cleaned | no damage | undamaged | natural | s mint set coin | collector | collectors | coin collection |
    album toning | album toned | from album | roll toned | details visible | nice details | great details |
    full details | good details | sharp details | strong details | in capsule | air tite | bag marks | bagmarks |
    bu roll single | ring of | type 1 | type 2 | in tube | in box | with box | original box | box and coa | coa
"""
PROBLEMS = """
    cleaned | harshly cleaned | polished | whizzed | holed | ex jewelry | ex jewellery | damaged | damage | details |
    detail | corroded | corrosion | scratched | bent | tooled | rim damage | plugged | filler | hole filler | cull |
    culls | environmental damage | graffiti | improperly cleaned | altered | repaired | mount removed | ex mount |
    drilled | pitted | dipped | lightly cleaned | old cleaning | gouged | smoothed | questionable color |
    artificial toning | residue | pvc | chopmarked | chop marks | mutilated | no date | dateless | low ball
"""
"""What lowers a coin so much that it is no comparison; beside a grader's name it is a "Details" slab."""
