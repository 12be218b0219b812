"""The short names of time zones, and how many hours each is from UTC."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_HOURS = (
    "z=0 utc=0 gmt=0 est=-5 edt=-4 cst=-6 cdt=-5 mst=-7 mdt=-6 pst=-8 pdt=-7 bst=1 cet=1 cest=2 mez=1 mesz=2 "
    "msk=3 jst=9 kst=9 ist=5.5 pkt=5 npt=5.75 hkt=8 sgt=8 pht=8 wib=7 wita=8 ict=7 aedt=11 aest=10 acst=9.5 acdt=10.5 "
    "awst=8 nzst=12 nzdt=13 eet=2 eest=3 sast=2 brt=-3 clt=-4 akst=-9 akdt=-8 hst=-10 trt=3"
)
ZONES = {name: float(hours) for name, hours in (pair.split("=") for pair in _HOURS.split())}
# Zones that only capitals tell from words.
CAPITALS = {"WET": 0.0, "WEST": 1.0, "WAT": 1.0, "CAT": 2.0, "EAT": 3.0, "WIT": 9.0}
SEASONAL = {  # what American newsrooms write all year round
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}


def offset_of(zone: str, local: datetime) -> timedelta:
    """Return how far a zone is from UTC at a time of its own."""
    if zone in SEASONAL:
        return local.replace(tzinfo=ZoneInfo(SEASONAL[zone])).utcoffset() or timedelta()
    return timedelta(hours=CAPITALS[zone] if zone in CAPITALS else ZONES[zone.casefold()])


# Matches the name of a zone within an expression that ignores case.
ZONE = "|".join(sorted(ZONES, key=len, reverse=True)) + rf"|(?-i:{'|'.join((*CAPITALS, *SEASONAL))})"
