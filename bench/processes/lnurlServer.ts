import { once } from 'node:events';
import { createRequire } from 'node:module';
import { freePorts } from '../../test/regtest/harness/ports.ts';
import { serveParent } from '../child.ts';

export interface LnurlInput {
  readonly backend: 'dummy' | 'lnd';
  /** The backend's own, as in lightning-backends. */
  readonly config: object;
}

interface LnurlServer extends NodeJS.EventEmitter {
  generateNewUrl(tag: string, params: object, options: object): Promise<{ secret: string }>;
  close(): Promise<void>;
}
const lnurl: { createServer(options: object): LnurlServer } = createRequire(import.meta.url)('lnurl');

export type Lnurl = Awaited<ReturnType<typeof openLnurl>>;

/** npm `lnurl` with one pay request that may be used without limit. */
async function openLnurl({ backend, config }: LnurlInput) {
  const [port] = await freePorts(1);
  const server = lnurl.createServer({
    host: '127.0.0.1',
    port,
    lightning: { backend, config },
    store: { backend: 'memory', config: { noWarning: true } },
  });
  await once(server, 'listening');
  const { secret } = await server.generateNewUrl(
    'payRequest',
    {
      minSendable: 1_000,
      maxSendable: 100_000_000,
      metadata: '[["text/plain", "tip alice"]]',
      commentAllowed: 0,
    },
    { uses: 0 },
  );
  return {
    calls: {
      /** Where a wallet asks for the invoice, after it has asked for the terms. */
      callback: () => `http://127.0.0.1:${port}/lnurl/${secret}?amount=2100000`,
    },
    stop: () => server.close(),
  };
}

serveParent(openLnurl);
