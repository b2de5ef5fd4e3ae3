import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import { isLoopbackAddress, isPublicAddress } from './addresses.ts';

/** Thrown for a URL that no webhook is posted to; the message says why. */
export class WebhookUrlError extends Error {
  override readonly name = 'WebhookUrlError';
  readonly reason: string;
  constructor(reason: string) {
    super(`url: ${reason}`);
    this.reason = reason;
  }
}

export interface UrlRules {
  /** Let this machine be posted to, by http too: for development, where receiver and sender are one machine. */
  readonly allowLoopback: boolean;
}

const MOST_CHARACTERS = 2_048;
const LEAST_FREE_PORT = 1_024;

/** A label of a name, as DNS and URLs spell it (RFC 1035, 2.3.4): also one of another script, which is ASCII by then. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const MOST_NAME = 253;

/** Names that mean this machine or this network: RFC 6761, 6762, 7686, 8375, and ICANN's .internal. */
const OWN_NETWORK = /(^|\.)(localhost|local|internal|home\.arpa|onion)$/;

/** The host of a URL as an address or a name, without brackets and the dot that may end a name. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Whether a host is a name of this machine. */
export const isLocalhost = (host: string) => /(^|\.)localhost$/.test(host);

/**
 * Check the form of a webhook's URL. Whether its name leads to a public address is looked at whenever it is posted to.
 * @returns it as it is stored: the host in its plain spelling, the port left out where it is the usual one
 * @throws WebhookUrlError
 */
export function checkWebhookUrl(text: string, { allowLoopback }: UrlRules): string {
  if (text.length > MOST_CHARACTERS)
    throw new WebhookUrlError(`is longer than ${MOST_CHARACTERS} characters`);
  // A browser would mend these; whoever wrote them meant something else.
  if (/[\s\\\p{Cc}]/u.test(text))
    throw new WebhookUrlError('must not have spaces, line breaks, control characters or backslashes');
  if (!URL.canParse(text) || /^https?:(?!\/\/[^/])/i.test(text))
    throw new WebhookUrlError('is not an absolute URL like https://example.com/hook');
  const url = new URL(text);
  const host = hostOf(url);
  const own = isIP(host) ? isLoopbackAddress(host) : isLocalhost(host);
  const developing = allowLoopback && own;
  if (url.protocol !== 'https:' && !(developing && url.protocol === 'http:')) {
    throw new WebhookUrlError('must begin with https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw new WebhookUrlError('must not hold a user name or password; verify the signature instead');
  }
  if (url.href.includes('#'))
    throw new WebhookUrlError('must not have a fragment (#...), which is never sent');
  if (url.port !== '' && Number(url.port) < LEAST_FREE_PORT && !developing) {
    throw new WebhookUrlError(`port ${url.port} is not 443 or one from ${LEAST_FREE_PORT} on`);
  }
  if (!developing) checkHost(host);
  if (url.hostname.endsWith('.')) throw new WebhookUrlError(`"${url.hostname}" must not end with a dot`);
  if (url.href.length > MOST_CHARACTERS)
    throw new WebhookUrlError(`is longer than ${MOST_CHARACTERS} characters`);
  return url.href;
}

/** Whether a label says that it is of another script and is none: Node 20 takes it for no URL, and Node 24 as it is. */
const isUndecodable = (label: string) => label.startsWith('xn--') && domainToUnicode(label) === label;

function checkHost(host: string) {
  if (isIP(host)) {
    if (!isPublicAddress(host)) throw new WebhookUrlError(`${host} is not an address of the public internet`);
    return;
  }
  if (!host.includes('.') || OWN_NETWORK.test(host))
    throw new WebhookUrlError(`"${host}" is not a name of the public internet`);
  const wrong = host.split('.').find((label) => !LABEL.test(label) || isUndecodable(label));
  if (wrong === '')
    throw new WebhookUrlError(`"${host}" has an empty label: two dots in a row, or one at an end`);
  if (wrong !== undefined) throw new WebhookUrlError(`"${wrong}" is no label of a name in DNS`);
  if (host.length > MOST_NAME)
    throw new WebhookUrlError(`has a name longer than ${MOST_NAME} characters, which DNS knows none of`);
}
