import { createHash, timingSafeEqual } from 'node:crypto';
import type { LambdaEvent } from 'hono/aws-lambda';
import { ASKED_HOST, ORIGIN_SECRET_HEADER, VIEWER_ADDRESS } from '../../shared/contract/edgeHeaders.ts';

/** A name without a port: nothing that could end a URL, an attribute or a Lightning Address. */
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/**
 * What a function behind CloudFront knows of who asks. CloudFront alone may call it, or is told from strangers by {@link isFromEdge}, and
 * sets both headers itself, so they can be believed; without them it is what the function's URL saw.
 */
function headersOf({ headers }: LambdaEvent) {
  const given = headers as Record<string, string | undefined> | undefined;
  const host = given?.[ASKED_HOST]?.toLowerCase();
  return { host: host !== undefined && HOST.test(host) ? host : undefined, viewer: given?.[VIEWER_ADDRESS] };
}

/** The origin that a request was sent to, without a slash at its end. */
export function askedOrigin(event: LambdaEvent): string {
  const { requestContext } = event;
  const { host } = headersOf(event);
  return `https://${host ?? ('domainName' in requestContext ? requestContext.domainName : '')}`;
}

/** The address of who asks: IPv4 or IPv6, without the port. */
export function askersAddress(event: LambdaEvent): string {
  const { requestContext } = event;
  const { viewer } = headersOf(event);
  if (viewer !== undefined) return viewer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return ('http' in requestContext ? requestContext.http.sourceIp : undefined) ?? '';
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Whether CloudFront asks, by the secret that it sends along. Without a secret IAM has looked at that before.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
 */
export function isFromEdge({ headers }: LambdaEvent, secret: string | undefined): boolean {
  if (secret === undefined) return true;
  const given = (headers as Record<string, string | undefined> | undefined)?.[ORIGIN_SECRET_HEADER];
  return given !== undefined && timingSafeEqual(digest(given), digest(secret));
}

/** What a stranger is told who asks a function at its own URL: the same that IAM would say. */
export const REFUSED = {
  statusCode: 403,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: '{"Message":"Forbidden"}',
};
