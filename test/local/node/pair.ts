import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LndCredentials, openServices, type Service } from '../../../connector/lnd/services.ts';
import { type DevNode, startDevNode } from '../../../local/node/index.ts';

/** A client of a node with its admin macaroon. */
export const clientOf = ({
  socket,
  certPath,
  adminMacaroonPath,
}: Pick<DevNode, 'socket' | 'certPath' | 'adminMacaroonPath'>): Client =>
  connect({ socket, cert: readFileSync(certPath), macaroon: readFileSync(adminMacaroonPath) });

/** A client of a node by ln-service's own classes. */
export const connect = (credentials: LndCredentials): Client => new Client(openServices(credentials));

export class Client {
  readonly #lnd: Record<string, Service>;
  constructor(lnd: Record<string, Service>) {
    this.#lnd = lnd;
  }

  call(service: 'default' | 'invoices' | 'status', method: string, request: object = {}): Promise<any> {
    return new Promise((resolve, reject) => {
      this.#lnd[service]![method](request, (error: Error | null, answer: unknown) =>
        error ? reject(error) : resolve(answer),
      );
    });
  }

  /** All updates of a payment, the last one its end. */
  async pay(request: object): Promise<any[]> {
    const updates = [];
    for await (const update of this.#lnd.router!.sendPaymentV2(request)) updates.push(update);
    return updates;
  }

  subscribe(request: object = {}): Messages {
    return new Messages(this.#lnd.default!.subscribeInvoices(request));
  }
}

/** The messages of a subscription, in order, each waited for. */
export class Messages {
  readonly #stream: any;
  readonly #iterator: AsyncIterator<any>;
  constructor(stream: any) {
    this.#stream = stream;
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<any[]> {
    const messages = [];
    for (let i = 0; i < count; i++) messages.push((await this.#iterator.next()).value);
    return messages;
  }

  async next(): Promise<any> {
    return (await this.take(1))[0];
  }

  end(): void {
    // The stream tells of its cancelling by an error, which no one waits for.
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
  }
}

export interface Pair {
  dir: string;
  jarNode: DevNode;
  payerNode: DevNode;
  jar: Client;
  payer: Client;
  clock: { now: number };
  /** Stops both nodes and starts them again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Two connected nodes, their clock under the test's control, and a client of each. */
export async function startPair(): Promise<Pair> {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-node-'));
  const clock = { now: 1_795_467_507_000 };
  const shared = { network: 'regtest', clock: () => clock.now, random: randomBytes } as const;
  const start = async (): Promise<Pick<Pair, 'jarNode' | 'payerNode' | 'jar' | 'payer'>> => {
    const jarNode = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
    const payerNode = await startDevNode({
      ...shared,
      dir: join(dir, 'payer'),
      alias: 'payer',
      peers: [jarNode],
    });
    const jar = clientOf(jarNode);
    return { jarNode, payerNode, jar, payer: clientOf(payerNode) };
  };
  const stopNodes = (): Promise<unknown> => Promise.all([pair.payerNode.stop(), pair.jarNode.stop()]);
  const pair: Pair = {
    ...(await start()),
    dir,
    clock,
    async restart() {
      await stopNodes();
      Object.assign(pair, await start());
    },
    async stop() {
      await stopNodes();
      rmSync(dir, { recursive: true });
    },
  };
  return pair;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
