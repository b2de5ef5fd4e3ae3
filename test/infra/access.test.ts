import { describe, expect, test } from 'vitest';
import { KINDS, type Kind, keys, listed, prefix } from '../../shared/ledger/keys.ts';
import { allows, type Statement } from './iam.ts';
import { synthesise } from './synthesise.ts';

const template = synthesise();
const [tableId] = template.only('AWS::DynamoDB::Table');
const TABLE = { 'Fn::GetAtt': [tableId, 'Arn'] };
const ASKS = { 'Fn::GetAtt': [template.only('AWS::SQS::Queue', 'Asks')[0], 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/listed']] };

const statementsOf = (document: { Statement: Statement[] }) => document.Statement;
const publicRole = template.only('AWS::IAM::Role', 'Public')[1].Properties;
const reader = publicRole.Policies.flatMap((policy: { PolicyDocument: { Statement: Statement[] } }) =>
  statementsOf(policy.PolicyDocument),
) as Statement[];
const logging = statementsOf(template.only('AWS::IAM::Policy', 'Public')[1].Properties.PolicyDocument);
const connector = statementsOf(template.only('AWS::IAM::ManagedPolicy')[1].Properties.PolicyDocument);

/** A partition key of each list in the index. */
const LIST_KEYS: Record<keyof typeof listed, string> = {
  tip: listed.tip('alice', 1n).listPk,
  dust: listed.dust('alice', 1n).listPk,
  currentInvoice: listed.currentInvoice('02ab', 'ff').listPk,
  retiredInvoice: listed.retiredInvoice('02ab', new Date(0), 'ff').listPk,
  node: listed.node('02ab').listPk,
  invoiceRequest: listed.invoiceRequest(0, new Date(0), 'a').listPk,
  aside: listed.aside('02ab', 'a').listPk,
  delivery: listed.delivery(0, new Date(0), 'a').listPk,
  wrongSums: listed.wrongSums('alice').listPk,
  apiKey: listed.apiKey('alice', 'a').listPk,
  creator: listed.creator('alice').listPk,
};
const LISTS = Object.keys(LIST_KEYS) as (keyof typeof listed)[];

const allKinds = Object.keys(KINDS) as Kind[];
const READS = ['GetItem', 'BatchGetItem', 'Query'];
const leadingKeys = (statement: Statement) =>
  statement.Condition!['ForAllValues:StringLike']!['dynamodb:LeadingKeys'] as string[];

/** The kinds of items that statements let an action touch, each tried with a key of its kind. */
const kindsOf = (statements: Statement[], action: string) =>
  allKinds.filter((kind) =>
    allows(statements, {
      action: `dynamodb:${action}`,
      resource: TABLE,
      leadingKeys: [`${prefix(kind)}any`],
    }),
  );

describe('the public function', () => {
  const shown: Kind[] = ['creator', 'invoice', 'current', 'tip', 'totals'];

  test.each(READS)('may %s what anyone may be shown', (action) => {
    expect(kindsOf(reader, action)).toEqual(shown);
  });

  test.each(['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem', 'BatchWriteItem', 'PartiQLSelect'])(
    'may not %s',
    (action) => {
      expect(kindsOf(reader, action)).toEqual([]);
    },
  );

  test('lists the tips that are shown, and nothing else', () => {
    const lists = (listPk: string) =>
      allows(reader, { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] });
    expect(LISTS.filter((list) => lists(LIST_KEYS[list]))).toEqual(['tip']);
  });

  test('has no policies beside, but for its own log', () => {
    const [logsId] = template.only('AWS::Logs::LogGroup', 'Public');
    expect(publicRole).not.toHaveProperty('ManagedPolicyArns');
    expect(logging).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [logsId, 'Arn'] },
      },
    ]);
  });
});

describe('the connector', () => {
  const written = allKinds.filter((kind) => ['connector', 'both'].includes(KINDS[kind].writer));

  const others = ['settled', 'manage', 'deliver'];
  // It writes its vital signs, for others to read.
  const read = allKinds.filter(
    (kind) =>
      kind !== 'signs' && (!others.includes(KINDS[kind].writer) || ['creator', 'option'].includes(kind)),
  );

  test.each(READS)('may %s the kinds that it works with, and no key or secret of creators', (action) => {
    expect(read).not.toEqual(expect.arrayContaining(['key']));
    expect(kindsOf(connector, action)).toEqual(read);
  });

  test.each(['PutItem', 'UpdateItem'])('may %s the kinds that it writes', (action) => {
    expect(written).toEqual([
      ...['want', 'invoice', 'current', 'memo', 'secret', 'tip', 'totals', 'node', 'signs', 'ask', 'aside'],
    ]);
    expect(kindsOf(connector, action)).toEqual(written);
  });

  test('may delete a want, and nothing else', () => {
    expect(kindsOf(connector, 'DeleteItem')).toEqual(['want']);
  });

  test('lists invoices, nodes and asks, neither tips nor creators', () => {
    const lists = (listPk: string) =>
      allows(connector, { action: 'dynamodb:Query', resource: INDEX, leadingKeys: [listPk] });
    expect(LISTS.filter((list) => lists(LIST_KEYS[list]))).toEqual([
      'currentInvoice',
      'retiredInvoice',
      'node',
      'invoiceRequest',
    ]);
  });

  test('reaches no kind that is not listed, such as keys and secrets of creators', () => {
    for (const action of [...READS, 'ConditionCheckItem', 'PutItem', 'UpdateItem', 'DeleteItem']) {
      for (const pk of ['key#alice', 'webhook#alice', 'tips#alice', 'creators#all', 'tip', '']) {
        const request = { action: `dynamodb:${action}`, resource: TABLE, leadingKeys: [pk] };
        expect(allows(connector, request), `${action} ${pk}`).toBe(false);
      }
    }
  });

  test('is refused a whole batch for one key out of reach', () => {
    const batch = (...leadingKeys: string[]) =>
      allows(connector, { action: 'dynamodb:BatchGetItem', resource: TABLE, leadingKeys });
    const { pk } = keys.current('alice', 'aaaaaaaaaa');
    expect(batch(pk, keys.creator('alice').pk)).toBe(true);
    expect(batch(pk, 'key#alice')).toBe(false);
  });
});

describe.each([
  ['public function', reader],
  ['connector', connector],
])('the policy of the %s', (_, statements) => {
  test('names actions and resources in full', () => {
    const text = JSON.stringify(statements.map(({ Action, Resource }) => ({ Action, Resource })));
    expect(text).not.toContain('*');
    for (const { Resource } of statements) expect([TABLE, INDEX, ASKS]).toContainEqual(Resource);
  });

  test('names kinds by their prefix and nothing wider', () => {
    const items = statements.filter(({ Resource }) => JSON.stringify(Resource) === JSON.stringify(TABLE));
    const patterns = allKinds.map((kind) => `${prefix(kind)}*`);
    for (const statement of items) expect(patterns).toEqual(expect.arrayContaining(leadingKeys(statement)));
  });

  test('refuses a request that names no key', () => {
    for (const resource of [TABLE, INDEX]) {
      for (const action of ['Scan', 'DeleteTable', 'UpdateTable', ...READS, 'PutItem', 'DeleteItem']) {
        expect(allows(statements, { action: `dynamodb:${action}`, resource }), action).toBe(false);
      }
    }
  });

  test('refuses Scan and the table itself whatever keys are named', () => {
    for (const action of [
      'Scan',
      'DeleteTable',
      'UpdateTable',
      'ExportTableToPointInTime',
      'PartiQLDelete',
    ]) {
      expect(kindsOf(statements, action), action).toEqual([]);
    }
  });
});

test('each kind has a prefix that no other key begins with', () => {
  const prefixes = allKinds.map(prefix);
  for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
});
