import { type IncomingHttpHeaders, request } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Authority } from '../functions/webhooks/receiver.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly method?: string | undefined;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: string;
}

/** Asks what AWS would be asked at a URL. */
export type Ask = (url: string, asked?: Asked) => Promise<Answer>;

/**
 * Asks the emulator for what AWS would serve at a URL. It tells its services apart by the host that is asked for, of which an
 * HTTP API's has a form of its own there.
 */
export function asker(endpoint: string): Ask {
  const { port } = new URL(endpoint);
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const { host, pathname, search } = new URL(url);
    const [httpApi] = /^[a-z0-9]+\.execute-api(?=\.)/.exec(host) ?? [];
    const sent = request({
      ...{ host: '127.0.0.1', port, method, path: pathname + search },
      headers: {
        ...headers,
        host: httpApi ? `${httpApi}.localhost:${port}` : host,
        'x-forwarded-proto': 'https',
      },
    });
    return new Promise((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        buffer(response).then((bytes) => resolve({ status, headers, body: bytes.toString() }), reject);
      });
      sent.end(body);
    });
  };
}

/** Serves the emulator by HTTPS, WebSockets too, for who believes to ask AWS at its own names. */
export async function startFront({ key, cert }: Authority, endpoint: string) {
  const ask = asker(endpoint);
  const server = https.createServer({ key, cert }, async (request, response) => {
    const { method, url, headers } = request;
    const body = (await buffer(request)).toString();
    const answer = await ask(`https://${headers.host}${url}`, { method, headers, body });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  server.on('upgrade', ({ url, rawHeaders }, socket) => {
    const emulator = connect(Number(new URL(endpoint).port), '127.0.0.1');
    const lines = Array.from({ length: rawHeaders.length / 2 }, (_, at) =>
      rawHeaders.slice(at * 2, at * 2 + 2).join(': '),
    );
    emulator.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    emulator.pipe(socket).pipe(emulator);
    for (const end of [emulator, socket]) end.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
