import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bundle } from '../../shared/browser/bundle.ts';
import type { Ledger } from '../../shared/ledger/index.ts';
import { tipOf } from '../regtest/harness/books.ts';
import { connectNetwork } from '../regtest/harness/network.ts';
import { payAmp, payPlain } from '../regtest/harness/pay.ts';
import { TEXT_MESSAGE } from '../regtest/harness/records.ts';
import { until } from '../regtest/harness/until.ts';
import { type Cloud, openCloud } from './cloud.ts';
import { startConnector } from './connectorBeside.ts';
import { type Deployment, deploy } from './deployment.ts';
import { command, type Program, runProgram } from './running.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;
const MESSAGE = '<b>Grüße</b> from afar';
const SECONDS = 60;
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let cloud: Cloud;
let deployment: Deployment;
let ledger: Ledger;
let operatorKey: string;
let connector: Awaited<ReturnType<typeof startConnector>>;
const programs: Program[] = [];

const start = (...run: Parameters<typeof runProgram>) => {
  const program = runProgram(...run);
  programs.push(program);
  return program;
};

beforeAll(async () => {
  cloud = await openCloud();
  deployment = await deploy(cloud);
  const table = deployment.outputs.TableName!;
  const client = new DynamoDBClient({
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    credentials: CREDENTIALS,
  });
  ledger = { client, table };
  const place = ['--table', table, '--endpoint', cloud.endpoint];
  const printed = await command('cli/main.ts', 'keys', 'bootstrap', '--json', ...place);
  operatorKey = JSON.parse(printed).token;
  connector = await startConnector(deployment, cloud.endpoint, jar);
  // As long as it takes: the command for it, the stacks and the connector have bounds of their own.
}, 0);

afterAll(async () => {
  for (const program of programs) await program.stop();
  await connector?.stop();
  ledger?.client.destroy();
  await cloud?.close();
  network.disconnect();
});

/** Ask the creator's API with the operator's key. */
async function manage(path: string, body?: object) {
  const { status, body: text } = await cloud.ask(new URL(`/v1/${path}`, deployment.outputs.ManageUrl).href, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${operatorKey}`,
      'content-type': 'application/json',
      ...(body && { 'idempotency-key': randomUUID() }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect([status, text]).toEqual([body ? 201 : 200, expect.anything()]);
  return JSON.parse(text);
}

/** Read what anyone may, at the address that readers know. */
async function read(path: string) {
  const { status, headers, body } = await cloud.ask(new URL(path, deployment.outputs.PublicUrl).href, {
    headers: { accept: 'application/json' },
  });
  return { status, headers, body: JSON.parse(body) };
}

/** The invoice that anyone is handed, once there is one. */
const invoiceOf = (handle: string, option = '') =>
  until(`${handle} has an invoice`, SECONDS, async () => {
    const { status, body } = await read(`/v1/creators/${handle}/invoice${option && `?option=${option}`}`);
    return status === 200 && (body as { paymentRequest: string });
  });

/** Pay a creator's invoice, with a message. */
async function pay(handle: string, amountMsat: bigint, option?: string) {
  const { paymentRequest } = await invoiceOf(handle, option);
  const records = new Map([[TEXT_MESSAGE, Buffer.from(MESSAGE)]]);
  const paid = await payAmp(payer, { paymentRequest, records, ...(!option && { amountMsat }) });
  expect(paid.status).toBe('SUCCEEDED');
  return paid.setId;
}

const CLIENT = await bundle(new URL('../../shared/browser/scripts/follow.ts', import.meta.url), 'esm');

/** Listens as a page does, with the client that pages have, and prints what the socket brings and what is shown. */
const LISTENER = `
const [where] = process.argv.slice(1);
const Socket = globalThis.WebSocket;
globalThis.WebSocket = class extends Socket {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', ({ data }) => console.log('socket ' + data));
  }
};
const { follow } = await import(${JSON.stringify(`data:text/javascript,${encodeURIComponent(CLIENT)}`)});
follow(JSON.parse(where), [], (tip) => console.log('tip ' + JSON.stringify(tip))).start();
`;

it('npm run deploy sets up an account with nothing in it, deploys, and sees that all of it answers', () => {
  expect(deployment.printed.trimEnd()).toMatch(/\nhttps:\/\/[a-z0-9]+\.cloudfront\.net answers$/);
  expect(deployment.printed).toContain('Ampjar-test: made, and now protected');
});

it('the widget’s loader names a module that is there', async () => {
  const loader = await cloud.ask(new URL('/widget.js', deployment.outputs.PublicUrl).href);
  const [, path] = /'(\.\/widget\/\w+\.js)'/.exec(loader.body)!;
  const module = await cloud.ask(new URL(path!, deployment.outputs.PublicUrl).href);
  expect(module).toMatchObject({
    status: 200,
    headers: { 'content-type': expect.stringMatching(/javascript/) },
  });
});

it('ampjar connector setup finds lnd, table and queue in order', () => {
  for (const end of ['lnd', 'table', 'queue'])
    expect(connector.printed).toMatch(new RegExp(`^ok\\s+${end}`, 'm'));
});

describe('a tip through the deployed stack', () => {
  it('begins with a creator of the manage API, whose invoice is there for all within seconds', async () => {
    await manage('manage/creators', { handle: 'dora', name: 'Dora', shows: 'messages' });
    expect((await invoiceOf('dora')).paymentRequest).toMatch(/^lnsb1/);
  });

  it('is booked in the table, shown to anyone, and posted to a webhook that verifies', async () => {
    const { secret } = await manage('manage/creators/dora/webhooks', { url: cloud.hookUrl });
    const setId = await pay('dora', 2_100_001n);
    expect(await tipOf(ledger, setId)).toMatchObject({ handle: 'dora', amountMsat: 2_100_001n });
    await cloud.receiver.has(1);
    const [{ headers, body }] = cloud.receiver.requests as [(typeof cloud.receiver.requests)[number]];
    const event = new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(event).toMatchObject({
      id: `tip_settled_${setId}`,
      data: { handle: 'dora', amountMsat: '2100001', message: MESSAGE, payee: jar.pubkey },
    });
    const shown = { amountMsat: '2100001', message: MESSAGE };
    expect((await read('/v1/creators/dora/tips')).body.tips).toMatchObject([shown]);
    expect((await manage('events?handle=dora')).events).toEqual([event]);
    const receipt = await read(`/v1/tips/${setId}`);
    expect(receipt.body).toMatchObject({ setId, amountMsat: '2100001' });
    expect(receipt.headers).toMatchObject({
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
    });
  });

  it('pays an option that was added a moment before', async () => {
    const { id } = await manage('manage/creators/dora/options', { label: 'Cake', amountMsat: '5000000' });
    const setId = await pay('dora', 5_000_000n, id);
    expect(await tipOf(ledger, setId)).toMatchObject({ optionId: id, amountMsat: 5_000_000n });
    await cloud.receiver.has(2);
    expect(JSON.parse(cloud.receiver.requests[1]!.body)).toMatchObject({ data: { setId, optionId: id } });
  });

  it('appears on a page that is open, by AppSync', async () => {
    const { live } = (await read('/v1/creators/dora')).body;
    const { newestCursor: after } = (await read('/v1/creators/dora/tips')).body;
    const origin = new URL(deployment.outputs.PublicUrl!).origin;
    const where = { handle: 'dora', after, socket: live.realtime, host: live.host, origin };
    const page = start(cloud.node, ['--input-type=module', '-e', LISTENER, JSON.stringify(where)], cloud.env);
    await page.line((line) => /^socket .*subscribe_success/.test(line));
    await pay('dora', 7_654_000n);
    const told = await page.line((line) => /^socket .*"data"/.test(line));
    expect(told).toContain('7654000');
    const tip = await page.line((line) => line.startsWith('tip '));
    expect(JSON.parse(tip.slice('tip '.length))).toMatchObject({ amountMsat: '7654000', message: MESSAGE });
  });

  it('comes by Lightning Address: an ask, the invoice of its own, the payment, and its proof', async () => {
    const { host } = new URL(deployment.outputs.PublicUrl!);
    const offer = (await read('/.well-known/lnurlp/dora')).body;
    expect(offer).toMatchObject({ tag: 'payRequest', metadata: expect.stringContaining(`dora@${host}`) });
    const { pr, verify } = (await read(`${offer.callback}?amount=21000&comment=Gr%C3%BC%C3%9Fe`)).body;
    expect((await read(verify)).body).toMatchObject({ settled: false });
    const { status, setId } = await payPlain(payer, { paymentRequest: pr });
    expect(status).toBe('SUCCEEDED');
    expect(await tipOf(ledger, setId)).toMatchObject({
      via: 'bolt11',
      amountMsat: 21_000n,
      message: 'Grüße',
    });
    expect((await read(verify)).body).toMatchObject({ settled: true, preimage: expect.any(String) });
  });

  it('is watched: the connector lives, nothing waits, and no invoice is about to expire', async () => {
    // The first audit found no invoice yet, and the next is ten minutes away: one that starts looks at once.
    await connector.stop();
    connector = await startConnector(deployment, cloud.endpoint, jar);
    const lambda = new LambdaClient({
      endpoint: cloud.endpoint,
      region: 'us-east-1',
      credentials: CREDENTIALS,
    });
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const { FunctionName } = Functions.find(({ Description }) => Description?.startsWith('Measures'))!;
    const { values } = await until('the connector has told of an audit', 2 * SECONDS, async () => {
      const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName }));
      expect(FunctionError).toBeUndefined();
      const last = (await cloud.logged()).filter((line) => line.includes('"_aws"')).at(-1);
      const values = last && JSON.parse(last.slice(last.indexOf('{"_aws"')));
      return values?.Drift !== undefined && values.DaysToExpiry !== undefined && { values };
    });
    const nodes = [{ node: jar.pubkey }];
    expect(values).toMatchObject({ Drift: 0, AsidesOpen: 0, Parked: 0, EdgeFailures: 0, nodes });
    expect(values.HeartbeatAge).toBeLessThan(180);
    expect(values.DaysToExpiry).toBeGreaterThan(300);
    lambda.destroy();
  });

  it('leaves no fault in the log of any function', async () => {
    const lines = await cloud.logged();
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /"level":"error"|level: 'error'|Error: /.test(line))).toEqual([]);
  });
});
