import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import type { Statement } from './iam.ts';
import { synthesise } from './synthesise.ts';

/**
 * What is asked of the table is compared with each policy call by call, where the calls are made (recordCalls). What goes to other
 * services is few and plain to see in the source: each file that an entry reaches, and the commands that it makes.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const template = synthesise();

/** The project's files that an entry comes to, packages left out. */
async function filesOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    treeShaking: true,
  });
  // What is left out of the bundle since nothing of it is used is not reached.
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output!.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
}

/** `SendMessageBatchCommand` is weighed as sqs:SendMessage. */
const actionOf = (command: string) => `sqs:${command.replace(/(Batch)?Command$/, '')}`;

async function reached(entry: string) {
  const sources = (await filesOf(entry)).map((file) => readFileSync(join(root, file), 'utf8'));
  const commands = sources
    .filter((source) => source.includes("from '@aws-sdk/client-sqs'"))
    .flatMap((source) => source.match(/(?<=new )\w+Command(?=\()/g) ?? []);
  const signs = sources.some((source) => source.includes("from '@smithy/signature-v4'"));
  const others = sources.flatMap(
    (source) => source.match(/(?<=from ')@aws-sdk\/client-(?!dynamodb|sqs)[\w-]+/g) ?? [],
  );
  return { queue: [...new Set(commands.map(actionOf))].sort(), signs, others };
}

const ofRole = (part: string): Statement[] =>
  template.only('AWS::IAM::Role', part)[1].Properties.Policies[0].PolicyDocument.Statement;
const actions = (statements: Statement[], service: string) =>
  [...new Set(statements.flatMap(({ Action }) => Action))]
    .filter((action) => action.startsWith(service))
    .sort();

/** What Lambda itself asks of a role that works off a queue. */
const WORKING_OFF = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];

describe('beside the table, a role admits what the source of its function asks for, and no more', () => {
  test.each([
    ['Public', 'functions/public/handler.ts', []],
    ['Lnurl', 'functions/lnurl/handler.ts', []],
    ['Manage', 'functions/manage/handler.ts', []],
    ['Settled', 'functions/outbox/handler.ts', []],
    ['Webhooks', 'functions/webhooks/handler.ts', WORKING_OFF],
    ['Watch', 'functions/watch/handler.ts', []],
  ])(
    '%s',
    async (part, entry, byLambda: string[]) => {
      const { queue, signs, others } = await reached(entry);
      expect(actions(ofRole(part), 'sqs:')).toEqual([...queue, ...byLambda].sort());
      expect(actions(ofRole(part), 'appsync:')).toEqual(signs ? ['appsync:EventPublish'] : []);
      expect(others).toEqual([]);
    },
    60_000,
  );

  test('the connector', async () => {
    const statements: Statement[] =
      template.only('AWS::IAM::ManagedPolicy')[1].Properties.PolicyDocument.Statement;
    const { queue, signs, others } = await reached('connector/run.ts');
    expect(actions(statements, 'sqs:')).toEqual(queue);
    expect([signs, others]).toEqual([false, []]);
  });

  test('and every function of the template is among these, or may do nothing but write its log', () => {
    const roles = Object.entries(template.resources).filter(
      ([, { Type, Properties }]) =>
        Type === 'AWS::IAM::Role' && JSON.stringify(Properties).includes('lambda.amazonaws.com'),
    );
    const granted = roles.filter(([, { Properties }]) => Properties.Policies);
    expect(granted.map(([id]) => id.replace(/Role[0-9A-F]{8}$/, '')).sort()).toEqual([
      'Lnurl',
      'Manage',
      'Public',
      'Settled',
      'Watch',
      'Webhooks',
    ]);
    expect(roles.length - granted.length).toBe(1);
  });
});
