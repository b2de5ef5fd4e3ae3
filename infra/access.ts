import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
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
  'memo',
  'secret',
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
const INVOICE_REQUESTS = 'asks#*';
const ASIDES = listed.aside('*', '*').listPk;
const DUST = listed.dust('*', 0n).listPk;
const DELIVERIES = 'deliveries#*';
const KEYS = listed.apiKey('*', '*').listPk;
const WRONG_SUMS = listed.wrongSums('*').listPk;
const CREATORS = listed.creator('*').listPk;

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
export const publicAccess = (table: ITable) => [
  allow('ReadItems', table.tableArn, GET, ofKinds(PUBLIC_READS)),
  allow('ListTips', listedArn(table), ['dynamodb:Query'], [TIPS]),
];

const onQueue = (sid: string, queue: Queue, ...actions: string[]) =>
  new PolicyStatement({ sid, actions, resources: [queue.queueArn] });

/**
 * What the LNURL function may do: look at creators and invoice requests, look up a payment by its hash, put an invoice request, and tell of it.
 * It can't read the queue; that an invoice request is new is a condition of its own, which IAM does not know.
 */
export const lnurlAccess = (table: ITable, invoiceRequests: Queue) => [
  allow('ReadItems', table.tableArn, ['dynamodb:GetItem'], ofKinds(['creator', 'ask'])),
  allow('ReadAsks', table.tableArn, ['dynamodb:BatchGetItem'], ofKinds(['ask'])),
  allow('ReadTips', table.tableArn, ['dynamodb:Query'], ofKinds(['tip'])),
  allow('PutAsks', table.tableArn, ['dynamodb:PutItem'], ofKinds(['ask'])),
  onQueue('TellOfAsks', invoiceRequests, 'sqs:SendMessage'),
];

/** The kinds that a creator's API shows, and changes. What connector and payers write is not among the latter. */
const MANAGE_READS: Kind[] = ['creator', 'current', 'tip', 'totals', 'webhook', 'delivery', 'key'];
const MANAGE_PUTS: Kind[] = ['creator', 'option', 'want', 'webhook', 'delivery', 'key', 'idempotency'];
const MANAGE_UPDATES: Kind[] = ['webhook', 'delivery', 'key', 'allowance', 'idempotency'];

/** What a payer wrote, and what names their tip: the attributes that erasing the one touches. */
const ERASING = ['pk', 'sk', 'handle', 'message', 'sender'];

/**
 * What the manage function may do: set up what creators may, show them their tips, and take from a tip what its payer wrote, by
 * an update that names no attribute but that. Sums, invoices, attributions and a tip's money are out of its reach.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export const manageAccess = (
  table: ITable,
  queues: { invoiceRequests?: Queue | undefined; deliveries?: Queue | undefined },
) => [
  allow('ReadItems', table.tableArn, GET, ofKinds(MANAGE_READS)),
  allow('PutItems', table.tableArn, ['dynamodb:PutItem'], ofKinds(MANAGE_PUTS)),
  allow('UpdateItems', table.tableArn, ['dynamodb:UpdateItem'], ofKinds(MANAGE_UPDATES)),
  allow('DeleteWebhooks', table.tableArn, ['dynamodb:DeleteItem'], ofKinds(['webhook'])),
  new PolicyStatement({
    sid: 'EraseText',
    actions: ['dynamodb:UpdateItem'],
    resources: [table.tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ofKinds(['tip']) },
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ERASING },
      Null: { 'dynamodb:LeadingKeys': 'false', 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
    },
  }),
  allow('ListItems', listedArn(table), ['dynamodb:Query'], [TIPS, DUST, KEYS, CREATORS]),
  ...(queues.invoiceRequests ? [onQueue('TellOfWants', queues.invoiceRequests, 'sqs:SendMessage')] : []),
  ...(queues.deliveries ? [onQueue('TellOfDeliveries', queues.deliveries, 'sqs:SendMessage')] : []),
];

/**
 * What the settled function may do: look at tips and at what was handed on, mark and park, queue deliveries for the endpoints of a
 * creator, hint at them, and keep sums of rows.
 */
export const settledAccess = (table: ITable, deliveries: Queue) => [
  allow(
    'ReadProgress',
    table.tableArn,
    ['dynamodb:BatchGetItem'],
    ofKinds(['tip', 'totals', 'handed', 'checked']),
  ),
  allow('ReadCreators', table.tableArn, ['dynamodb:GetItem'], ofKinds(['creator'])),
  allow('ReadEndpoints', table.tableArn, ['dynamodb:Query'], ofKinds(['webhook'])),
  allow('ListTips', listedArn(table), ['dynamodb:Query'], [TIPS, DUST, CREATORS]),
  allow('Mark', table.tableArn, ['dynamodb:UpdateItem'], ofKinds(['handed'])),
  allow('ParkAndQueue', table.tableArn, ['dynamodb:PutItem'], ofKinds(['parked', 'delivery', 'checked'])),
  onQueue('HintAtDeliveries', deliveries, 'sqs:SendMessage'),
];

/** Of an endpoint, what tells how it fares: all of it that the deliver function may change. */
const HEALTH = ['failingSince', 'restUntil', 'status', 'offReason', 'offAt'];

/**
 * What the deliver function may do: find what is due, read where it goes and what it tells of, and write down what came of it. Of
 * an endpoint it changes how that fares, and neither URL nor secrets.
 */
export const deliverAccess = (table: ITable, deliveries: Queue) => [
  allow('ReadAddressees', table.tableArn, ['dynamodb:BatchGetItem'], ofKinds(['webhook', 'tip'])),
  allow('ReadEndpoints', table.tableArn, ['dynamodb:Query'], ofKinds(['webhook'])),
  allow('ListDue', listedArn(table), ['dynamodb:Query'], [DELIVERIES]),
  allow(
    'WriteDeliveries',
    table.tableArn,
    ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
    ofKinds(['delivery']),
  ),
  new PolicyStatement({
    sid: 'NoteHealth',
    actions: ['dynamodb:UpdateItem'],
    resources: [table.tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ofKinds(['webhook']) },
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'version', ...HEALTH] },
      Null: { 'dynamodb:LeadingKeys': 'false', 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
    },
  }),
  onQueue(
    'WorkOffHints',
    deliveries,
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:SendMessage',
  ),
];

/**
 * What the watch function may do: list nodes, events that are set aside and deliveries, look at mint requests and at parked records, and
 * whether their tips were handed on, and at which sums are wrong. It writes nothing, and reads no tip, creator or secret.
 */
export const watchAccess = (table: ITable) => [
  allow('ListWaiting', listedArn(table), ['dynamodb:Query'], [NODES, ASIDES, DELIVERIES, WRONG_SUMS]),
  allow('LookAtWaiting', table.tableArn, ['dynamodb:Query'], ofKinds(['want', 'parked'])),
  allow('ReadMarks', table.tableArn, ['dynamodb:BatchGetItem'], ofKinds(['handed', 'checked'])),
];

/**
 * What Lambda asks of a role to read the table's stream for a function, and to write what it gives up to a bucket.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export const streamAccess = (table: ITable, givenUp: Bucket) => [
  new PolicyStatement({
    sid: 'ReadStream',
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    resources: [table.tableStreamArn!],
  }),
  new PolicyStatement({ sid: 'ListStreams', actions: ['dynamodb:ListStreams'], resources: ['*'] }),
  new PolicyStatement({
    sid: 'KeepGivenUp',
    actions: ['s3:PutObject'],
    resources: [givenUp.arnForObjects('aws/lambda/*')],
  }),
  new PolicyStatement({ sid: 'LookForGivenUp', actions: ['s3:ListBucket'], resources: [givenUp.bucketArn] }),
];

/**
 * What the connector may do. Of a transaction IAM judges each action by itself. Nothing but a mint request can be deleted,
 * and neither keys nor secrets of creators are within reach.
 */
export const connectorAccess = (table: ITable, invoiceRequests: Queue) => [
  allow('ReadItems', table.tableArn, GET, ofKinds(CONNECTOR_READS)),
  allow('WriteItems', table.tableArn, ['dynamodb:PutItem', 'dynamodb:UpdateItem'], ofKinds(CONNECTOR_WRITES)),
  allow('DropWants', table.tableArn, ['dynamodb:DeleteItem'], ofKinds(['want'])),
  allow('ListInvoices', listedArn(table), ['dynamodb:Query'], [INVOICES, NODES, INVOICE_REQUESTS]),
  onQueue(
    'HearOfAsks',
    invoiceRequests,
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:ChangeMessageVisibility',
  ),
];
