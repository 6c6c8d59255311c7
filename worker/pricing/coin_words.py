"""Words of coins: what says that a title is of one, and what of coins is no fair comparison."""

from worker.pricing.junk import Junk

COIN_WORDS = """
    1 oz | anacs | ancient coin | barber | barbers | bicentennial | brilliant uncirculated | britannia |
    buffalo nickel | bullion | bust half | cacg | cameo | capped bust | cent | centavo | centavos | cents |
    commemorative half | cull | dcam | ddo | ddr | denarius | dime | dimes | dollar | dollars |
    double eagle | drachm | draped bust | ducat | eagle | eisenhower | farthing | florin | flowing hair |
    franklin half | gold eagle | half cent | half dollar | halves | icg | ike | indian head | jefferson |
    kennedy | kopek | krugerrand | large cent | libertad | liberty | liberty nickel | lincoln |
    lincoln cent | maple leaf | mercury dime | mint mark | mint set | mintmark | morgan | ngc | nickel |
    nickels | numismatic | obverse | oz | panda | pcgs | peace | pennies | penny | peso | pesos | pfennig |
    proof set | quarter | quarters | raw coin | reichsmark | roman coin | roosevelt | ruble | rupee |
    sacagawea | saint gaudens | seated liberty | sheldon | shilling | silver dollar | silver eagle |
    silver round | sovereign | st gaudens | state quarter | susan b anthony | thaler | three cent |
    trade dollar | troy oz | two cent | uncirculated | v nickel | vdb | walking liberty | washington |
    wheat | wheat cent | wheat penny | xf | yuan
"""
GRADERS = "pcgs ngc anacs icg segs cacg pci"
LETTERS = "ms pf pr au xf ef vf f vg g ag fr po sp"
LETTERS_OF = {one: one.upper() for one in LETTERS.split()}
LETTERS_OF |= {"ef": "XF", "unc": "UNC", "bu": "BU", "fine": "F", "good": "G", "proof": "PF"}
"""The letters of a grade, however they are written."""
QUALIFIERS = """
    + / rd rb bn dcam cam dpl pl uc fs fbl fb fh ultra cameo deep details detail star first red brown
"""
DOUBTS = "? ready candidate worthy potential quality contender submission"
DENIED = "cleaned replica copy damaged pcgs ngc anacs icg polished details holed"
COUNTED = "coin coins cents pennies nickels dimes quarters halves dollars rolls eagles rounds"
BETWEEN = "different mixed wheat morgan silver lincoln mercury barber buffalo old us"
FAKES: dict[Junk, str] = {
    "fake": """
        24k | 24kt | bezel | cast copy | challenge coin | chocolate | clad copy | colorized | coloured |
        colourised | commemorative token | copies | copy | counterfeit | cufflinks | cut coin |
        cut out | double headed | elongated | facsimile | fake | fantasy | gold clad | gold layered |
        gold plated | hobo nickel | imitation | jewellery | jewelry | keychain | layered | love token |
        magician | medal copy | necklace | not genuine | not real | novelty | painted | pendant |
        plated | play money | proof replica | replica | replicas | repro | reproduction |
        restrike copy | ring | silver plated | souvenir | token | tokens | tribute | two headed
    """,
    "several": """
        accumulation | assorted | bag | bags | bank wrapped | bulk | bundle | coins | collection |
        complete set | date set | estate lot | group | hoard | lot | lots | mint set | mixed |
        mixed date | mixed dates | pair | proof set | random | roll | rolls | set | sets |
        starter collection | type set | unsearched | various | year set
    """,
    "choice": """
        choose | pick | you pick | choose your | you choose | select | your choice | pick your | choose date
    """,
    "merchandise": """
        album | book | box only | capsule | capsules | case only | coa only | dansco | display | empty |
        flips | folder | folders | frame | guide | holder only | magnifier | map | ogp only |
        red book | redbook | whitman
    """,
    "sealed": "mystery | grab bag | mystery box | surprise | blind bag",
}
WEAK = "collection group pair various mixed ring bezel book display painted map coins tokens"
HARMLESS = """
    air tite | album toned | album toning | bag marks | bagmarks | box and coa | bu roll single | coa |
    coin collection | collector | collectors | details visible | end of roll | estate collection |
    from a roll | from album | from mint set | from original roll | from proof set | from roll |
    from set | full details | good details | great details | in box | in capsule | in holder | in tube |
    mint roll | my collection | natural | never cleaned | nice details | no cleaning | no damage |
    not cleaned | old collection | old holder | original box | original roll coin |
    personal collection | ring of | roll fresh | roll toned | s mint set coin | set break |
    sharp details | strong details | type 1 | type 2 | uncleaned | undamaged | with box | with capsule
"""
PROBLEMS = """
    altered | artificial toning | bent | cleaned | corroded | corrosion |
    cull | culls | damage | damaged | dateless | detail | details | dipped | drilled |
    environmental damage | ex jewellery | ex jewelry | ex mount | filler | gouged | graffiti |
    harshly cleaned | hole filler | holed | improperly cleaned | lightly cleaned | low ball |
    mount removed | mutilated | no date | old cleaning | pitted | plugged | polished | pvc |
    questionable color | repaired | residue | rim damage | scratched | smoothed | tooled | whizzed
"""
"""What lowers a coin so much that it is no comparison; beside a grader's name it is a "Details" slab."""
