import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { acceptWebSocket, type WebSocketEnd } from './webSocket.ts';

const PROTOCOL = 'aws-appsync-event-ws';
const REGION = 'eu-central-1';

const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

/**
 * The SigV4 signature that a request should have, from the description of the algorithm.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function signatureOf(
  { method, url, headers }: IncomingMessage,
  signed: string[],
  secret: string,
  body: string,
) {
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/${REGION}/appsync/aws4_request`;
  const canonical = [
    method,
    url,
    '',
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed.join(';'),
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [time.slice(0, 8), REGION, 'appsync', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secret}`,
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

/** How an answer to a publisher may go wrong: a status, single events that are refused, or none at all. */
export type Trouble = number | { refuse: number[] } | 'cut';

/** The name of a channel: one to five segments of letters, digits and hyphens, each of 50 at most. */
const CHANNEL = /^(\/[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?){1,5}$/;

interface Listener {
  readonly end: WebSocketEnd;
  /** Channels by the id of the subscription. */
  readonly channels: Map<string, string>;
}

/**
 * An AppSync Event API as its documentation describes it: `POST /event` signed by IAM, and `/event/realtime` for listeners
 * with the token `public`, as infra/live.ts makes it.
 * @see https://docs.aws.amazon.com/appsync/latest/eventapi/publish-http.html
 * @see https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html
 */
export async function openAppSync({
  accessKeyId,
  secretAccessKey,
}: {
  accessKeyId: string;
  secretAccessKey: string;
}) {
  const listeners = new Set<Listener>();
  const published: { channel: string; events: string[] }[] = [];
  const troubles: Trouble[] = [];
  let timeoutMs = 300_000;
  let host = '';
  let refusing = false;

  const answer = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const refusal = (errorType: string, message: string) => ({ errors: [{ errorType, message }] });

  const isSigned = (request: IncomingMessage, body: string) => {
    const form =
      /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d{8}\/([\w-]+)\/appsync\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/;
    const [, key, region, signed = '', signature] = form.exec(request.headers.authorization ?? '') ?? [];
    const names = signed.split(';');
    return (
      key === accessKeyId &&
      region === REGION &&
      names.includes('host') &&
      signature === signatureOf(request, names, secretAccessKey, body)
    );
  };

  const broadcast = (channel: string, event: string) => {
    for (const { end, channels } of listeners)
      for (const [id, name] of channels) if (name === channel) end.send({ type: 'data', id, event });
  };

  const publish = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const trouble = troubles.shift();
    if (trouble === 'cut') return response.destroy();
    if (typeof trouble === 'number')
      return answer(response, trouble, refusal('Trouble', 'as the test wants'));
    if (request.method !== 'POST' || request.url !== '/event') return answer(response, 404, {});
    if (!isSigned(request, body))
      return answer(response, 401, refusal('UnauthorizedException', 'Unauthorized'));
    const { channel, events } = JSON.parse(body) as { channel: string; events: string[] };
    if (!CHANNEL.test(channel) || !channel.startsWith('/tips/') || events.length < 1 || events.length > 5)
      return answer(response, 400, refusal('BadRequestException', 'Invalid channel or events'));
    for (const event of events) JSON.parse(event);
    const refused = trouble?.refuse ?? [];
    const taken = events.filter((_, index) => !refused.includes(index));
    published.push({ channel, events: taken });
    for (const event of taken) broadcast(channel, event);
    const identified = events.map((_, index) => ({ identifier: randomUUID(), index }));
    answer(response, 200, {
      failed: identified
        .filter(({ index }) => refused.includes(index))
        .map((each) => ({ ...each, code: 500, message: 'refused' })),
      successful: identified.filter(({ index }) => !refused.includes(index)),
    });
  };

  const isPublic = (authorization: unknown) => {
    const given = (authorization ?? {}) as { host?: string; Authorization?: string };
    return given.host === host && given.Authorization === 'public';
  };

  const connect = (request: IncomingMessage, socket: Duplex) => {
    const [name, header] = String(request.headers['sec-websocket-protocol']).split(/, ?/);
    const given = /^header-([A-Za-z0-9_-]+)$/.exec(header ?? '')?.[1] ?? '';
    const allowed =
      !refusing &&
      request.url === '/event/realtime' &&
      name === PROTOCOL &&
      given !== '' &&
      isPublic(JSON.parse(Buffer.from(given, 'base64url').toString()));
    if (!allowed) return socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    let initialised = false;
    const channels = new Map<string, string>();
    const end = acceptWebSocket(request, socket, PROTOCOL, {
      closed: () => listeners.delete(listener),
      hear: ({ type, id, channel, authorization }) => {
        if (type === 'connection_init') {
          initialised = true;
          end.send({ type: 'connection_ack', connectionTimeoutMs: timeoutMs });
        } else if (type === 'subscribe' && initialised && typeof id === 'string') {
          const fine = CHANNEL.test(String(channel)) && isPublic(authorization);
          if (fine) channels.set(id, String(channel));
          end.send(
            fine
              ? { type: 'subscribe_success', id }
              : { type: 'subscribe_error', id, ...refusal('UnauthorizedException', 'Unauthorized') },
          );
        } else if (type === 'unsubscribe' && channels.delete(String(id))) {
          end.send({ type: 'unsubscribe_success', id });
        } else {
          end.send({ type: 'error', ...refusal('UnsupportedOperation', 'Operation not supported') });
        }
      },
    });
    const listener: Listener = { end, channels };
    listeners.add(listener);
  };

  const server = createServer((request, response) => void publish(request, response));
  server.on('upgrade', connect);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  host = `127.0.0.1:${port}`;

  return {
    region: REGION,
    url: `http://${host}/event`,
    live: { realtime: `ws://${host}/event/realtime`, host },
    published,
    troubles,
    /** How many listen to a channel. */
    listening: (channel: string) =>
      [...listeners].filter(({ channels }) => [...channels.values()].includes(channel)).length,
    broadcast,
    /** A sign of life to all. */
    keepAlive: () => {
      for (const { end } of listeners) end.send({ type: 'ka' });
    },
    /** Break all connections, and let in none until {@link admit}. */
    refuse: () => {
      refusing = true;
      for (const { end } of listeners) end.cut();
    },
    admit: () => {
      refusing = false;
    },
    /** The longest silence that listeners are told of when they connect. */
    setTimeoutMs: (ms: number) => {
      timeoutMs = ms;
    },
    close: async () => {
      for (const { end } of listeners) end.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
