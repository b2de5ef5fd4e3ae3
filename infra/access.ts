import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { KINDS, type Kind, listed, prefix } from '../shared/ledger/keys.ts';
import { listedArn } from './table.ts';

/** The kinds that a reader of the public side is answered from. */
const PUBLIC_READS: Kind[] = ['creator', 'current', 'totals', 'tip', 'invoice'];

/** The kinds that the connector looks at. A list of its own, so that a kind added later is not read by default. */
const CONNECTOR_READS: Kind[] = [
  'creator',
  'option',
  'want',
  'invoice',
  'current',
  'tip',
  'totals',
  'node',
  'aside',
  'ask',
];

const CONNECTOR_WRITES = (Object.keys(KINDS) as Kind[]).filter((kind) =>
  ['connector', 'both'].includes(KINDS[kind].writer),
);

const TIPS = listed.tip('*', 0n).listPk;
const INVOICES = listed.currentInvoice('*', '*').listPk;
const NODES = listed.node('*').listPk;
const ASKS = 'asks#*';

const GET = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];

/**
 * Allow actions on items whose partition keys all match. `ForAllValues` alone is true for a request that names no key,
 * which `Null` refuses.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
const allow = (sid: string, resource: string, actions: string[], leadingKeys: string[]) =>
  new PolicyStatement({
    sid,
    actions,
    resources: [resource],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': leadingKeys },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });

const ofKinds = (kinds: Kind[]) => kinds.map((kind) => `${prefix(kind)}*`);

/** What the public function may do: read what anyone may be shown, and no more. */
export const publicAccess = (table: Table) => [
  allow('ReadItems', table.tableArn, GET, ofKinds(PUBLIC_READS)),
  allow('ListTips', listedArn(table), ['dynamodb:Query'], [TIPS]),
];

const onQueue = (sid: string, queue: Queue, ...actions: string[]) =>
  new PolicyStatement({ sid, actions, resources: [queue.queueArn] });

/**
 * What the LNURL function may do: look at creators and asks, look up a payment by its hash, put an ask, and tell of it.
 * It can't read the queue; that an ask is new is a condition of its own, which IAM does not know.
 */
export const lnurlAccess = (table: Table, asks: Queue) => [
  allow('ReadItems', table.tableArn, ['dynamodb:GetItem'], ofKinds(['creator', 'ask'])),
  allow('ReadAsks', table.tableArn, ['dynamodb:BatchGetItem'], ofKinds(['ask'])),
  allow('ReadTips', table.tableArn, ['dynamodb:Query'], ofKinds(['tip'])),
  allow('PutAsks', table.tableArn, ['dynamodb:PutItem'], ofKinds(['ask'])),
  onQueue('TellOfAsks', asks, 'sqs:SendMessage'),
];

/**
 * What the connector may do. Of a transaction IAM judges each action by itself. Nothing but a want can be deleted,
 * and neither keys nor secrets of creators are within reach.
 * @param asks the queue that tells of asks, where there is one
 */
export const connectorAccess = (table: Table, asks?: Queue) => [
  allow('ReadItems', table.tableArn, GET, ofKinds(CONNECTOR_READS)),
  allow('WriteItems', table.tableArn, ['dynamodb:PutItem', 'dynamodb:UpdateItem'], ofKinds(CONNECTOR_WRITES)),
  allow('DropWants', table.tableArn, ['dynamodb:DeleteItem'], ofKinds(['want'])),
  allow('ListInvoices', listedArn(table), ['dynamodb:Query'], [INVOICES, NODES, ASKS]),
  ...(asks ? [onQueue('HearOfAsks', asks, 'sqs:ReceiveMessage', 'sqs:DeleteMessage')] : []),
];
