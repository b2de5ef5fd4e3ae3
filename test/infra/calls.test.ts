import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicApp } from '../../functions/public/app.ts';
import {
  addOption,
  editCreator,
  openOptionId,
  putInvoiceRequest,
  readInvoiceRequest,
  readQuarantine,
  readTip,
} from '../../shared/ledger/index.ts';
import { KINDS, type Kind, prefix } from '../../shared/ledger/keys.ts';
import { startConnector } from '../connector/inProcess.ts';
import { type Jar, openJar, until } from '../connector/jar.ts';
import { memosOf } from '../connector/memos.ts';
import { filled, patternsIn } from '../functions/public/site.ts';
import { type Call, recordCalls } from './calls.ts';
import { allows, type Statement } from './iam.ts';
import { synthesise } from './synthesise.ts';

const template = synthesise();
const [tableId] = template.only('AWS::DynamoDB::Table');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };
const CONNECTOR: Statement[] =
  template.only('AWS::IAM::ManagedPolicy')[1].Properties.PolicyDocument.Statement;
const PUBLIC: Statement[] = template.only('AWS::IAM::Role', 'Public')[1].Properties.Policies[0].PolicyDocument
  .Statement;

/** A call in words: what it does to which kind, or to which list in the index. */
const inWords = ({ action, index, leadingKeys }: Call) =>
  leadingKeys.map((key) => `${action.replace('dynamodb:', '')} ${index ? key.split('#')[0] : kindOf(key)}`);

const refused = (calls: readonly Call[], statements: Statement[]) =>
  calls
    .filter(({ action, index, leadingKeys }) => {
      const resource = index ? INDEX : TABLE;
      return !allows(statements, { action, resource, leadingKeys: [...leadingKeys] });
    })
    .flatMap(inWords);

const READS = ['GetItem', 'BatchGetItem', 'Query'];
const WRITES = ['PutItem', 'UpdateItem'];
const KIND_NAMES = Object.keys(KINDS) as Kind[];
const kindOf = (key: string) => KIND_NAMES.find((kind) => key.startsWith(prefix(kind)));
const inFull = (action: string) => `dynamodb:${action}`;

/** The kinds of items that some of the actions were asked for. */
const used = (calls: readonly Call[], actions: string[]) =>
  KIND_NAMES.filter((kind) =>
    calls.some(
      ({ action, index, leadingKeys }) =>
        !index && actions.map(inFull).includes(action) && leadingKeys.some((key) => kindOf(key) === kind),
    ),
  );

/** The kinds of items that statements admit some of the actions on. */
const admitted = (statements: Statement[], actions: string[]) =>
  KIND_NAMES.filter((kind) =>
    actions.some((action) =>
      allows(statements, { action: inFull(action), resource: TABLE, leadingKeys: [`${prefix(kind)}any`] }),
    ),
  );

const actionsOf = (calls: readonly Call[]) => [...new Set(calls.map(({ action }) => action))].sort();
const namedActions = (statements: Statement[]) =>
  [...new Set(statements.flatMap(({ Action }) => Action))].sort();

let jar: Jar;
beforeAll(async () => {
  jar = await openJar();
});
afterAll(() => jar.close());

/** A connector on a client that records what it asks of the table, until it is told to stop. */
function startRecorded(holder: string) {
  const client = jar.tables.client();
  const calls = recordCalls(client);
  const ledger = { client, table: jar.ledger.table };
  const started = startConnector({ ...jar, ledger }, { holder, rotateAfter: 2, rotateRestMs: 0 });
  return { ...started, calls };
}

describe('the policy', () => {
  it('of the connector admits all that it asks when it mints, adopts, audits, books, sets aside, rotates, answers and takes over', async () => {
    const { ledger } = jar;
    const open = openOptionId('alice');
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const tea = await addOption(ledger, 'alice', { label: 'Tea', amountMsat: 7000n }, new Date(), random);
    await editCreator(ledger, 'alice', { minimumMsat: 5000n });
    const maker = startRecorded('maker');
    await until(async () => maker.connector.health.state === 'live');
    await maker.stop();
    // Minted, and paid, by a connector that died before the table knew.
    const memos = await memosOf(ledger, jar.node.pubkey);
    // Not of the second in which the connector minted: a memo is good for one invoice.
    const aMinuteAgo = new Date(Date.now() - 60_000);
    const memo = (optionId: string) => memos.write('alice', { optionId }, aMinuteAgo).memo;
    const lost = await jar.mint(memo(open));
    const missed = await jar.pay(lost, { amountMsat: 6000n });
    const unowned = await jar.mint(memo('zzzzzzzzzz'));
    const booked = (setId: string) => until(() => readTip(ledger, setId));

    const first = startRecorded('first');
    await booked(missed);
    await booked(await jar.pay((await jar.invoice('alice', tea.id)).paymentRequest));
    await booked(await jar.pay(lost, { amountMsat: 1000n }));
    await jar.pay(unowned, { amountMsat: 1000n });
    await until(async () => (await readQuarantine(ledger, jar.node.pubkey).next()).value);
    const code = await jar.invoice('alice');
    // One payment more may be needed: another invoice is wanted by what was received, and minted by what is booked.
    await until(async () => {
      await booked(await jar.pay(code.paymentRequest, { amountMsat: 1000n }));
      return (await jar.invoice('alice')).paymentAddr !== code.paymentAddr;
    });
    const asked = { handle: 'alice', optionId: open, amountMsat: 8000n, createdAt: new Date() };
    const id = Buffer.from(random(16)).toString('base64url');
    await putInvoiceRequest(ledger, { ...asked, id, descriptionHash: 'ab'.repeat(32), client: 'wallet' });
    const plain = await until(async () => (await readInvoiceRequest(ledger, id))?.paymentRequest);
    await booked(await jar.pay(plain, { amp: false }));
    const second = startRecorded('second');
    await until(async () => second.connector.health.state === 'standing by');
    await first.stop();
    await until(async () => second.connector.health.state === 'live');
    await second.stop();

    const calls = [...maker.calls, ...first.calls, ...second.calls];
    expect(refused(calls, CONNECTOR)).toEqual([]);
    // And the policy admits no kind and no action that none of it needs.
    expect(used(calls, READS)).toEqual(admitted(CONNECTOR, READS));
    expect(used(calls, WRITES)).toEqual(admitted(CONNECTOR, WRITES));
    expect(used(calls, ['DeleteItem'])).toEqual(admitted(CONNECTOR, ['DeleteItem']));
    const ofTable = namedActions(CONNECTOR).filter((action) => action.startsWith('dynamodb:'));
    expect(actionsOf(calls)).toEqual(ofTable);
  });

  it('of the public function admits all that it asks to answer each route', async () => {
    const client = jar.tables.client();
    const calls = recordCalls(client);
    const app = publicApp({
      ledger: { client, table: jar.ledger.table },
      clock: () => new Date(),
      reads: 'each',
      live: { realtime: 'wss://live.example/event/realtime', host: 'live.example' },
      openapi: {},
    });
    const { paymentAddr } = await jar.invoice('alice');
    // Its own routes: openapi.json has those of the other functions too.
    for (const pattern of patternsIn(app.routes)) {
      const path = filled(pattern, { handle: 'alice', paymentAddr, setId: paymentAddr });
      const answer = await app.request(path);
      expect(answer.status, path).toBe(path.startsWith('/v1/tips/') ? 404 : 200);
    }
    expect(refused(calls, PUBLIC)).toEqual([]);
    expect(used(calls, READS)).toEqual(admitted(PUBLIC, READS));
    expect(actionsOf(calls)).toEqual(namedActions(PUBLIC));
  });
});
