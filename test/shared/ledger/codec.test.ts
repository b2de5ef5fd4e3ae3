import { describe, expect, it } from 'vitest';
import {
  bytes,
  ItemError,
  list,
  mapOf,
  moment,
  oneOf,
  optional,
  record,
  small,
  text,
  whole,
} from '../../../shared/ledger/codec.ts';
import { tableDefinition } from '../../../shared/ledger/index.ts';

const kind = record({
  name: text,
  amountMsat: whole,
  shards: small,
  at: moment,
  event: bytes,
  status: oneOf('current', 'retired'),
  note: optional(text),
  parts: list(record({ id: text, amountMsat: optional(whole) }).field),
  sums: mapOf(whole),
});
const value = {
  name: '🍯',
  amountMsat: 2n ** 53n + 1n,
  shards: 16,
  at: new Date('2026-11-24T11:00:31.500Z'),
  event: new Uint8Array([0, 255]),
  status: 'current' as const,
  parts: [{ id: 'a' }, { id: 'b', amountMsat: 5n }],
  sums: new Map([['x', 10n ** 37n]]),
};

describe('items', () => {
  it('a record comes back as it was, and what is missing is not there', () => {
    const item = kind.toItem(value);
    expect(item).not.toHaveProperty('note');
    expect(item.amountMsat).toEqual({ N: '9007199254740993' });
    expect(kind.fromItem(item)).toStrictEqual(value);
  });

  it('attributes that no field names are left out', () => {
    expect(kind.fromItem({ ...kind.toItem(value), pk: { S: 'tip#1' } })).toStrictEqual(value);
  });

  it.each([
    ['name', { N: '1' }],
    ['name', undefined],
    ['amountMsat', { N: '1.5' }],
    ['amountMsat', { N: '1E+3' }],
    ['amountMsat', { S: '1' }],
    ['shards', { N: '9007199254740993' }],
    ['shards', undefined],
    ['at', { S: 'yesterday' }],
    ['event', { S: '' }],
    ['status', { S: 'lost' }],
    ['note', { N: '1' }],
    ['parts', { M: {} }],
    ['sums', { L: [] }],
  ])('%s as %j is refused by name', (attribute, wrong) => {
    const { [attribute]: _, ...others } = kind.toItem(value);
    const read = () => kind.fromItem(wrong ? { ...others, [attribute]: wrong as never } : others);
    expect(read).toThrow(ItemError);
    expect(read).toThrow(expect.objectContaining({ attribute }));
  });

  it('a refusal names the place within a list and a map', () => {
    const item = kind.toItem(value);
    expect(() => kind.fromItem({ ...item, parts: { L: [{ S: 'x' }] } })).toThrow('attribute parts[0] ');
    expect(() => kind.fromItem({ ...item, sums: { M: { x: { S: '' } } } })).toThrow('attribute sums.x ');
  });
});

it('the table is on demand, with one index of whole items and a stream of both images', () => {
  const { AttributeDefinitions, ...definition } = tableDefinition('ampjar');
  expect(AttributeDefinitions.map((each) => each.AttributeName).sort()).toEqual([
    'listPk',
    'listSk',
    'pk',
    'sk',
  ]);
  expect(definition).toMatchObject({
    TableName: 'ampjar',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [{ IndexName: 'listed', Projection: { ProjectionType: 'ALL' } }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
});
