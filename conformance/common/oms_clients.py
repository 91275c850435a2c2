"""Clients of the vendor's Python SDK `huaweicloudsdkoms`, pointed at the server under test by the SDK's own
variables, so that programs that name a region of the vendor run as they are."""

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkoms.v2 import OmsClient
from huaweicloudsdkoms.v2.region.oms_region import OmsRegion

REGION = "cn-north-4"


def variables(server):
    """What is set instead of changing a program: where the region is, and who knows its projects."""
    return {
        "HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4": server.url,
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": server.url,
    }


def client(access_key, secret_key):
    """A client that knows its keys only: it looks its project up. The variables have to be set."""
    credentials = BasicCredentials(access_key, secret_key)
    return OmsClient.new_builder().with_credentials(credentials).with_region(OmsRegion.value_of(REGION)).build()


def at(url, access_key, secret_key, project_id=None):
    """A client of an endpoint given in code, which looks nothing up."""
    credentials = BasicCredentials(access_key, secret_key, project_id)
    return OmsClient.new_builder().with_credentials(credentials).with_endpoints([url]).build()
