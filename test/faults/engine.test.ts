import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as dynamo from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedTables, openEmbeddedTable } from '../../local/table/index.ts';
import { Engine, type Shape } from './engine.ts';
import { planOf } from './plan.ts';
import { simulate } from './simulate.ts';

type Command = new (input: Shape) => Shape;
const commands = dynamo as unknown as Record<string, Command>;

let dir: string;
let tables: EmbeddedTables;
let client: dynamo.DynamoDBClient;
let now: () => number = () => 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-faults-'));
  tables = await openEmbeddedTable({ dir, clock: () => now() });
  client = tables.client();
});

afterEach(async () => {
  client.destroy();
  await tables.close();
  await rm(dir, { recursive: true });
});

/** What an operation comes to: its answer, or the error as far as callers look at it. */
const outcome = (asked: Promise<Shape>) =>
  asked.then(
    ({ $metadata: _, ...answer }) => answer,
    ({ name, message, CancellationReasons, Item }) => ({ name, message, CancellationReasons, Item }),
  );

let compared = 0;
let differences: { operation: string; here: Shape; there: Shape }[] = [];

/** Runs each operation in memory, and beside it through the SDK on the embedded table's files. */
class Doubled extends Engine {
  override async execute(operation: string, input: Shape): Promise<Shape> {
    const given = structuredClone(input);
    const answer = super.execute(operation, input);
    const here = await outcome(answer);
    const there = await outcome(client.send(new commands[`${operation}Command`]!(given)));
    // When a table was made, and its ARN, follow from the machine's clock.
    if (operation !== 'CreateTable' && !isDeepStrictEqual(here, there))
      differences.push({ operation, here, there });
    compared++;
    return answer;
  }
}

it.each(['3', '5', '8'])(
  'answers as the SDK does on the embedded table, call by call: seed %s',
  async (seed) => {
    const planned = planOf(seed);
    const plan = { ...planned, restore: undefined, table: { ...planned.table, stale: 0 } };
    now = () => plan.begins;
    [compared, differences] = [0, []];
    const outcome = await simulate(plan, { engine: Doubled });
    expect(differences).toEqual([]);
    expect(outcome).toEqual(await simulate(plan));
    expect(compared).toBeGreaterThan(200);
  },
);
