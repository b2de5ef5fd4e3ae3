import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Readable } from 'node:stream';
import { generate } from 'selfsigned';

export const DOMAIN = 'tips.example';
export const ORIGIN = `https://${DOMAIN}`;

/** An authority of the test's own, and a certificate by it for the domain. */
export async function certificates() {
  const key = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'authority of a test' }], {
    ...key,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const site = await generate([{ name: 'commonName', value: DOMAIN }], {
    ...key,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: DOMAIN }] },
    ],
  });
  return { authority: authority.cert, cert: site.cert, key: site.private };
}

/**
 * Fetch as a wallet or a browser does that trusts the authority, with the domain resolved to a port here and no other name at all.
 * A body that goes on, as of a live stream, is read as it comes.
 * @param from the address of loopback that it comes from
 */
export const visitor =
  ({ port, ca, from }: { port: number; ca: string; from: string }): typeof fetch =>
  async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== ORIGIN) throw new Error(`${url}: not of this test`);
    const asking = request({
      host: '127.0.0.1',
      port,
      localAddress: from,
      servername: DOMAIN,
      ca,
      path: url.pathname + url.search,
      method: init.method ?? 'GET',
      headers: { host: DOMAIN, ...(init.headers as Record<string, string>) },
      agent: false,
      ...(init.signal && { signal: init.signal }),
    });
    asking.end(init.body);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const status = answer.statusCode!;
    const body = [204, 304].includes(status) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
    return new Response(body, { status, headers });
  };
