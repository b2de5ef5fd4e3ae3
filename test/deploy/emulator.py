"""ministack, with what Ampjar's template asks for and it lacks. The template is never changed for it.

- Its AppSync Events service can't be reached from a template: two resource types lead there.
- Its CloudFront doesn't sign what it asks of a function URL for an origin access control, so that such URLs refuse it; asks
  a bucket as if in the clear, which buckets refuse; and tells no function the viewer's address.
"""

import functools
import json

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import appsync_events, cloudfront
from ministack.services.cloudformation import provisioners


def camel(value):
    """CloudFormation's names of members as those of the service's API."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: camel(member) for name, member in value.items()}
    return [camel(member) for member in value] if isinstance(value, list) else value


def answered(response, member):
    """What a call of the service gives back. A refusal fails the deployment, as it would on AWS."""
    status, _, body = response
    if status >= 400:
        raise ValueError(body)
    return json.loads(body)[member]


def create_api(logical_id, props, stack_name):
    api = answered(appsync_events._create_api(json.dumps(camel(props)).encode()), "api")
    attributes = {
        "ApiId": api["apiId"],
        "ApiArn": api["apiArn"],
        "Dns.Http": api["dns"]["HTTP"],
        "Dns.Realtime": api["dns"]["REALTIME"],
    }
    return api["apiArn"], attributes


def create_channel_namespace(logical_id, props, stack_name):
    body = json.dumps({"name": props["Name"]}).encode()
    namespace = answered(appsync_events._create_channel_namespace(props["ApiId"], body), "channelNamespace")
    arn = namespace["channelNamespaceArn"]
    return arn, {"ChannelNamespaceArn": arn}


def api_id(arn):
    return arn.split("/")[1]


provisioners._RESOURCE_HANDLERS["AWS::AppSync::Api"] = {
    "create": create_api,
    "delete": lambda arn, props: appsync_events._delete_api(api_id(arn)),
}
provisioners._RESOURCE_HANDLERS["AWS::AppSync::ChannelNamespace"] = {
    "create": create_channel_namespace,
    "delete": lambda arn, props: appsync_events._delete_channel_namespace(api_id(arn), props["Name"]),
}

ask_function_url = cloudfront._fetch_from_function_url_origin
answer_viewer = cloudfront.handle_viewer_request
VIEWER_PORT = 52_123


async def ask_signed(host, origin, method, uri, query_string, headers, *more):
    """ministack looks whether a function URL is asked with a signature at all, not whether the signature holds."""
    signed = {**headers, "authorization": "AWS4-HMAC-SHA256 by the origin access control"} if origin.get("oac_id") else headers
    return await ask_function_url(host, origin, method, uri, query_string, signed, *more)


async def answer_viewer_of_address(dist, method, path, raw_uri, raw_query, headers, body, query, client_ip="127.0.0.1"):
    """CloudFront alone says where a viewer is; an origin request policy decides whether the origin is told."""
    told = {**headers, "cloudfront-viewer-address": f"{client_ip}:{VIEWER_PORT}"}
    return await answer_viewer(dist, method, path, raw_uri, raw_query, told, body, query, client_ip)


cloudfront._fetch_from_function_url_origin = ask_signed
cloudfront.handle_viewer_request = answer_viewer_of_address
iam_evaluator.EvalContext = functools.partial(iam_evaluator.EvalContext, secure_transport=True)

app.main()
