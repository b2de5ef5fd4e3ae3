import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate authority of one's own, and a certificate that it gave out. */
export interface Authority {
  /** PEM: who trusts this trusts the receivers. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

/** @param names what the certificate is for */
export async function makeAuthority(
  names: readonly string[] = ['hooks.example', '*.hooks.example'],
): Promise<Authority> {
  const valid = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY_MS),
    notAfterDate: new Date(Date.now() + DAY_MS),
  } as const;
  const ca = await generate([{ name: 'commonName', value: 'an authority of the tests' }], {
    ...valid,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'hooks.example' }], {
    ...valid,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((value) => ({ type: 2, value })),
      },
    ],
  });
  return { ca: ca.cert, key: leaf.private, cert: leaf.cert };
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly host: string;
}

/** What a receiver does with a request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage, received: Received) => void;

export const answers =
  (status: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body);
export const neverAnswers: Behaviour = () => {};
export const resets: Behaviour = (_, request) => void request.socket.destroy();
/** Sends a header, and then a body that goes on for as long as somebody listens. */
export const answersWithoutEnd =
  (status: number): Behaviour =>
  (response) => {
    response.writeHead(status);
    const chunk = Buffer.alloc(4_096, 'x');
    const more = () => {
      while (!response.destroyed && response.write(chunk)) {}
    };
    response.on('drain', more);
    more();
  };

/** A real receiver of webhooks on 127.0.0.1, by HTTPS with an authority or by HTTP without one. */
export async function startReceiver(authority?: Authority) {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = answers(204);
  let told = () => {};
  /** Connections that were made, whether or not a request came. */
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      const { url = '', headers } = request;
      const body = Buffer.concat(chunks).toString();
      const received = { path: url, headers, body, host: headers.host ?? '' };
      requests.push(received);
      behaviour(response, request, received);
      told();
    });
  };
  const server = authority
    ? https.createServer({ key: authority.key, cert: authority.cert }, listener)
    : http.createServer(listener);
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    get connections() {
      return connections;
    },
    /** Connections that are open now. */
    get open() {
      return sockets.size;
    },
    url: (path = '/hook', host = 'hooks.example') =>
      `${authority ? 'https' : 'http'}://${host}:${port}${path}`,
    behave(next: Behaviour) {
      behaviour = next;
    },
    /** Resolves when so many requests have come. */
    async has(count: number) {
      while (requests.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
