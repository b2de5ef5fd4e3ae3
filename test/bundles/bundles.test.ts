import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isNewTip, type StreamRecord } from '../../functions/outbox/stream.ts';
import { publicApp } from '../../functions/public/app.ts';
import openapi from '../../functions/public/openapi.json' with { type: 'json' };
import { createKey } from '../../shared/ledger/index.ts';
import { readStream } from '../conformance/subject.ts';
import { type Jar, openJar } from '../functions/public/jar.ts';
import { type Authority, answers, makeAuthority, startReceiver } from '../functions/webhooks/receiver.ts';
import { apiEvent, queueEvent, scheduleEvent, streamEvent, urlEvent } from './events.ts';
import { openQueues, type Queues } from './queues.ts';
import { FunctionError, type LambdaFunction, startFunction } from './runtimeApi.ts';
import { type Known, type Synthesised, synthesiseFunctions } from './synthesised.ts';

const NETWORK = fileURLToPath(new URL('../deploy/network.mjs', import.meta.url));
const HOOKS = 'hooks.example';
const APPSYNC = 'example1234567890.appsync-api.us-east-1.amazonaws.com';
const REALTIME = 'example1234567890.appsync-realtime-api.us-east-1.amazonaws.com';
/** How many tips the jar has in its stream. */
const TIPS = 29;

let dir: string;
let synthesised: Synthesised;
let jar: Jar;
let queues: Queues;
let authority: Authority;
let hooks: Awaited<ReturnType<typeof startReceiver>>;
let appsync: Awaited<ReturnType<typeof startReceiver>>;
let services: Record<string, string>;
const running: LambdaFunction[] = [];

/** What CloudFormation puts for what the template leaves open. */
const known: Known = (value, variable) => {
  const stands: Record<string, string> = {
    TABLE_NAME: 'ampjar',
    INVOICE_REQUESTS_QUEUE_URL: queues.url('invoice-requests'),
    DELIVERIES_QUEUE_URL: queues.url('deliveries'),
    LIVE_REALTIME_HOST: REALTIME,
    LIVE_HTTP_HOST: APPSYNC,
    LIVE_PUBLISH_URL: `https://${APPSYNC}/event`,
    EDGE_URL: `https://${APPSYNC}`,
  };
  const stand = stands[variable];
  if (stand === undefined)
    throw new Error(`${variable}: ${JSON.stringify(value)} has no stand-in in this test`);
  return stand;
};

/** The function of the template that is described so, started under Node 24 in a network where AWS and a receiver are. */
async function start(description: string, more: Record<string, string> = {}) {
  const deployed = synthesised.deployed(description, known);
  const environment = { ...deployed.environment, ...services, ...more };
  const started = await startFunction({ ...deployed, environment }, ['--import', NETWORK]);
  running.push(started);
  return started;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-bundles-'));
  synthesised = await synthesiseFunctions();
  jar = await openJar();
  queues = await openQueues();
  authority = await makeAuthority([HOOKS, APPSYNC]);
  writeFileSync(join(dir, 'ca.pem'), authority.ca);
  hooks = await startReceiver(authority);
  appsync = await startReceiver(authority);
  appsync.behave(answers(200, { 'content-type': 'application/json' }, '{"successful":[],"failed":[]}'));
  services = {
    AWS_ENDPOINT_URL_DYNAMODB: await jar.listen(),
    AWS_ENDPOINT_URL_SQS: queues.endpoint,
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
    AMPJAR_ROUTES: JSON.stringify([
      { suffix: HOOKS, address: '93.184.215.14', port: hooks.port },
      { suffix: APPSYNC, address: '52.94.233.129', port: appsync.port },
    ]),
  };
});

afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
});

afterAll(async () => {
  await hooks?.stop();
  await appsync?.stop();
  queues?.close();
  await jar?.close();
  synthesised?.remove();
  rmSync(dir, { recursive: true, force: true });
});

const tipsOfStream = async () => {
  const { Table } = await jar.ledger.client.send(new DescribeTableCommand({ TableName: 'ampjar' }));
  const records = (await readStream(jar.ledger.client, Table!.LatestStreamArn!)) as StreamRecord[];
  return records.filter(isNewTip);
};

describe('under Node 24, by the Runtime API', () => {
  it('every function of the template starts with what the template tells it, and prints nothing', async () => {
    expect(synthesised.descriptions.length).toBeGreaterThan(5);
    for (const description of synthesised.descriptions) {
      const { log } = await start(description);
      expect([description, log()]).toEqual([description, '']);
    }
  });

  it('a function that lacks what it is told to know can’t be loaded, and says why', async () => {
    await expect(start('Answers who reads', { TABLE_NAME: '' })).rejects.toThrow(
      /ConfigError: TABLE_NAME: "", expected the name of the DynamoDB table/,
    );
    await expect(start('Answers who reads', { TABLE_NAME: '' })).rejects.toThrow(FunctionError);
  });

  it.each([
    ['/v1/creators/alice', {}],
    ['/v1/creators/nobody', {}],
    ['/v1/creators/alice/invoice', {}],
    ['/v1/creators/alice/invoice?option=COFFEE', { accept: 'text/plain' }],
    ['/v1/creators/alice/qr.svg', { accept: '*/*' }],
    ['/v1/creators/alice/qr.png', { accept: '*/*' }],
    ['/v1/creators/alice/tips?limit=3', {}],
    ['/v1/tips/SET', {}],
    ['/v1/invoices/ADDR', {}],
    ['/@alice', { accept: 'text/html' }],
    ['/@nobody', { accept: 'text/html' }],
    ['/openapi.json', {}],
  ])('the public function answers %s %j as its app does', async (path, headers: Record<string, string>) => {
    const app = publicApp({
      ledger: jar.ledger,
      clock: () => new Date(),
      reads: 'each',
      openapi,
      baseUrl: 'https://d111111abcdef8.cloudfront.net',
      live: { realtime: `wss://${REALTIME}/event/realtime`, host: APPSYNC },
      report: () => {},
    });
    const asked = { accept: 'application/json', ...headers };
    const said = await app.request(jar.fill(path), { headers: asked });
    const { invoke } = await start('Answers who reads');
    const answer = await invoke(urlEvent(jar.fill(path), { headers: asked }));
    expect(answer.statusCode).toBe(said.status);
    expect(answer.headers).toEqual(Object.fromEntries(said.headers));
    const body = Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8');
    expect(body.equals(Buffer.from(await said.arrayBuffer()))).toBe(true);
  });

  it('the LNURL function offers what the host that was asked can give, and tells the connector of an ask', async () => {
    const { invoke } = await start('Answers wallets');
    const offer = JSON.parse((await invoke(urlEvent('/.well-known/lnurlp/bob'))).body);
    expect(offer).toMatchObject({
      tag: 'payRequest',
      callback: expect.stringMatching(/^https:\/\/d111111abcdef8\.cloudfront\.net\//),
      metadata: expect.stringContaining('bob@d111111abcdef8.cloudfront.net'),
    });
    const { pathname } = new URL(offer.callback);
    const refusal = await invoke(urlEvent(`${pathname}?amount=21000`));
    // No connector answers here; the hint is what one would hear.
    expect(JSON.parse(refusal.body)).toMatchObject({ status: 'ERROR' });
    expect(queues.bodies('invoice-requests')).toHaveLength(1);
  });

  it('tips go from the manage function’s webhook through stream and queue to the receiver, and to open pages', async () => {
    const manage = await start('The creator’s API');
    const owner = { handle: 'alice', scope: 'write', name: 'test' } as const;
    const { token } = await createKey(jar.ledger, owner, new Date(), randomBytes);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const made = await manage.invoke(
      apiEvent('/v1/manage/creators/alice/webhooks', {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': randomUUID() },
        body: { url: `https://${HOOKS}/tips` },
      }),
    );
    expect(made.statusCode).toBe(201);
    const { secret } = JSON.parse(made.body);

    const settled = await start('Hands settled tips on');
    const tips = await tipsOfStream();
    expect(tips).toHaveLength(TIPS);
    expect(await settled.invoke(streamEvent(tips))).toEqual({ batchItemFailures: [] });
    const hints = queues.bodies('deliveries');
    expect(hints).toHaveLength(jar.tips.length);
    expect(appsync.requests.map(({ body }) => JSON.parse(body).channel)).toContain('/tips/alice');
    expect(appsync.requests[0]!.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=test\//);

    const deliver = await start('Posts webhooks');
    expect(await deliver.invoke(queueEvent(hints.slice(0, 10)))).toEqual({ batchItemFailures: [] });
    expect(hooks.requests).toHaveLength(10);
    for (const { body, headers } of hooks.requests)
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        type: 'tip.settled',
        data: { handle: 'alice' },
      });
    // Those that no hint told of are found by the clock.
    expect(await deliver.invoke(scheduleEvent)).toEqual({ batchItemFailures: [] });
    expect(hooks.requests).toHaveLength(jar.tips.length);
    expect(await settled.invoke(scheduleEvent)).toMatchObject({ swept: { handed: 0, failed: 0 } });

    const feed = await manage.invoke(apiEvent('/v1/events?limit=100', { headers }));
    expect(JSON.parse(feed.body).events).toHaveLength(jar.tips.length);
    for (const { log } of [manage, settled, deliver]) expect(log()).toBe('');
  });

  it('new tips whose table is down are to come again, from the first on', async () => {
    const settled = await start('Hands settled tips on', { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' });
    const ApproximateCreationDateTime = Date.now() / 1000;
    const tips = (await tipsOfStream()).map((record) => ({
      ...record,
      dynamodb: { ...record.dynamodb, ApproximateCreationDateTime },
    }));
    expect(await settled.invoke(streamEvent(tips))).toEqual({
      batchItemFailures: [{ itemIdentifier: tips[0]!.dynamodb!.SequenceNumber }],
    });
  });

  it('the watch function writes one line, whose metrics CloudWatch finds', async () => {
    const { invoke, log } = await start('Measures how table');
    await invoke(scheduleEvent);
    const told = JSON.parse(log());
    const [{ Namespace, Metrics }] = told._aws.CloudWatchMetrics;
    expect(Namespace).toBe('Ampjar-production');
    expect(Metrics).toContainEqual({ Name: 'DeliveriesOverdue', Unit: 'Seconds' });
    for (const { Name } of Metrics) expect(told[Name], Name).toEqual(expect.any(Number));
  });

  it('whoever listens is let in', async () => {
    const { invoke } = await start('Lets in who listens');
    expect(await invoke({ authorizationToken: 'public' })).toEqual({ isAuthorized: true });
  });
});
