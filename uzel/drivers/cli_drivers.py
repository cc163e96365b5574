"""The drivers there are. Adding one is a page, its recordings, and a line here."""

from collections.abc import Mapping

from uzel.drivers.cisco_ios import PAGE as CISCO_IOS
from uzel.drivers.cli_page import Page
from uzel.drivers.dlink_cisco import PAGE as DLINK_CISCO
from uzel.drivers.dlink_des21 import PAGE as DLINK_DES21
from uzel.drivers.dlink_dxs import PAGE as DLINK_DXS
from uzel.drivers.dlink_smart import PAGE as DLINK_SMART
from uzel.drivers.eltex_mes import PAGE as ELTEX_MES
from uzel.drivers.huawei_vrp import PAGE as HUAWEI_VRP
from uzel.drivers.snr_nag import PAGE as SNR_NAG
from uzel.drivers.zyxel_zynos import PAGE as ZYXEL_ZYNOS

PAGES = (
    *(DLINK_DXS, DLINK_CISCO, DLINK_SMART, DLINK_DES21),
    *(CISCO_IOS, HUAWEI_VRP, ELTEX_MES, SNR_NAG, ZYXEL_ZYNOS),
)
DRIVERS: Mapping[str, Page] = {page.name: page for page in PAGES}
