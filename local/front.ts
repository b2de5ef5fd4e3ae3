import type { BlockList } from 'node:net';
import { isIP } from 'node:net';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { isLoopbackHost } from '../shared/server/loopback.ts';
import type { Listening } from './options.ts';

/**
 * Answers requests for this site's own names alone: the host of the origin, the address that it listens on, this machine's. Any other
 * name comes from a page that had its own pointed here (DNS rebinding), or from a proxy that was set up wrong.
 */
export function knownHostsOnly(origin: string | undefined, { address }: Listening): MiddlewareHandler {
  const names = new Set([
    ...(origin === undefined ? [] : [new URL(origin).hostname]),
    address.includes(':') ? `[${address}]` : address,
  ]);
  return async (c, next) => {
    const host = c.req.header('host');
    const name = host?.toLowerCase().replace(/:\d+$/, '') ?? '';
    if (isLoopbackHost(host) || names.has(name)) return next();
    return c.json(
      {
        type: 'urn:problem-type:ampjar:unknown-host',
        title: 'This host is not served here',
        status: 421,
        detail: `Host: expected ${[...names].join(' or ')}.`,
      },
      421,
      { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    );
  };
}

/**
 * The address of who asks: the one that connected, or when that is a proxy of ours, the one that the proxy saw, which it put at the
 * end of `X-Forwarded-For`. What stands before was written by whoever asked.
 */
export const clientAddress =
  (proxies: BlockList) =>
  (c: Context): string => {
    const peer = (getConnInfo(c).remote.address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    if (isIP(peer) === 0 || !proxies.check(peer, isIP(peer) === 4 ? 'ipv4' : 'ipv6')) return peer;
    const seen = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
    return isIP(seen) === 0 ? peer : seen;
  };
