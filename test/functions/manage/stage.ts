import { createHash, randomBytes } from 'node:crypto';
import { type ManageOptions, manageApp } from '../../../functions/manage/app.ts';
import openapi from '../../../functions/manage/openapi.json' with { type: 'json' };
import {
  createKey,
  deleteWebhook,
  type Ledger,
  listKeys,
  putWebhook,
  readCreator,
  readWebhooks,
  removeOption,
  revokeKey,
  type Scope,
} from '../../../shared/ledger/index.ts';
import { NOW, openJar } from '../public/jar.ts';
import { asDocumented } from './documented.ts';

export { NOW };

/** What a request is answered with. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON at all
  readonly body: any;
}

let asked = 0;
/** An idempotency key that was not used before. */
export const newKey = () =>
  `test-${++asked}-${createHash('sha256').update(`${asked}`).digest('hex').slice(0, 8)}`;

/** The jar with its creators, tips and invoices; for Alice and Bob an endpoint; keys of Alice, Bob and the operator. */
export async function openStage(more: Partial<ManageOptions> = {}) {
  const jar = await openJar();
  const { ledger } = jar;
  const problems: unknown[] = [];
  let wants = 0;
  const time = { now: NOW.getTime(), steady: 0 };
  const clock = () => new Date(time.now);
  const random = (length: number) => randomBytes(length);
  const options: ManageOptions = {
    openapi,
    ledger,
    clock,
    random,
    steadyMs: () => time.steady,
    webhookUrls: { allowLoopback: false },
    wanted: () => {
      wants++;
    },
    report: (error) => problems.push(error),
    creatorRate: { perSecond: 1_000, burst: 100_000 },
    ...more,
  };
  const app = manageApp(options);
  const key = async (handle: string | undefined, scope: Scope = 'write', on: Ledger = ledger) =>
    createKey(on, { handle, scope, name: `${handle ?? 'operator'} ${scope}` }, clock(), random);
  const keys = {
    operator: await key(undefined),
    alice: await key('alice'),
    aliceReads: await key('alice', 'read'),
    bob: await key('bob'),
  };
  const webhook = (handle: string) =>
    putWebhook(
      ledger,
      { handle, url: `https://${handle}.example/hook`, events: ['tip.settled'] },
      clock(),
      random,
    );
  const webhooks = { alice: await webhook('alice'), bob: await webhook('bob') };

  /** Ask the app; `token` undefined for no key. A POST gets an idempotency key, a change `If-Match: *`, unless told. */
  async function ask(
    method: string,
    path: string,
    {
      token,
      body,
      headers = {},
      on = app,
    }: {
      token?: string | undefined;
      body?: unknown;
      headers?: Record<string, string>;
      on?: { request: typeof app.request };
    } = {},
  ): Promise<Told> {
    const response = await on.request(path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(method === 'POST' && { 'idempotency-key': newKey() }),
        ...(['PATCH', 'DELETE'].includes(method) && { 'if-match': '*' }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    const told = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    asDocumented(method, path, told);
    return told;
  }

  return {
    ...jar,
    app,
    options,
    keys,
    webhooks,
    ask,
    key,
    time,
    problems,
    /** Take away what there can be only so many of. */
    clear: async () => {
      for (const { id } of await readWebhooks(ledger, 'alice'))
        if (id !== webhooks.alice.id) await deleteWebhook(ledger, 'alice', id);
      for (const { id, name } of await listKeys(ledger, 'alice'))
        if (name.startsWith('test-')) await revokeKey(ledger, 'alice', id, clock());
      for (const { id, label } of (await readCreator(ledger, 'alice'))?.options ?? [])
        if (label.startsWith('test-')) await removeOption(ledger, 'alice', id, clock());
    },
    wants: () => wants,
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
