import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamRecord } from '../../../functions/outbox/stream.ts';
import { tableDefinition } from '../../../shared/ledger/index.ts';
import { openStage, type Stage } from './stage.ts';

const entry = fileURLToPath(new URL('../../../functions/outbox/handler.ts', import.meta.url));
/** The CommonJS parts of the SDK ask for `require` in an ES module. */
const BANNER =
  "import{createRequire as ampjarCreateRequire}from'node:module';const require=ampjarCreateRequire(import.meta.url);";

/** Runs in a child process beside the bundle, which may take nothing but its environment for granted. */
const CHILD = `
  const [bundle, ...events] = process.argv.slice(1);
  const { handler } = await import(bundle);
  const context = { getRemainingTimeInMillis: () => 300_000 };
  for (const event of events)
    process.stdout.write(JSON.stringify(await handler(JSON.parse(event), context)) + '\\n');
`;

let dir: string;
let inputs: string[];
let kilobytes: number;
let stage: Stage;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ampjar-settled-'));
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  inputs = Object.keys(metafile.inputs);
  kilobytes = outputFiles[0]!.contents.length / 1000;
  await writeFile(join(dir, 'index.mjs'), outputFiles[0]!.contents);
  stage = await openStage();
});
afterAll(async () => {
  await stage.close();
  await rm(dir, { recursive: true });
});

/** What the function says to events one after another, and what it logs. */
async function invoke(endpoint: string, ...events: object[]) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      CHILD,
      pathToFileURL(join(dir, 'index.mjs')).href,
      ...events.map((event) => JSON.stringify(event)),
    ],
    {
      env: {
        TABLE_NAME: tableDefinition('ampjar').TableName,
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL: endpoint,
        DELIVERIES_QUEUE_URL: `${endpoint}/queue`,
        NODE_NO_WARNINGS: '1',
      },
    },
  );
  return {
    answers: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    log: stderr,
  };
}

describe('the bundle of the settled function', () => {
  it('carries no schema library, no curve, and nothing of the other rooms', () => {
    const unwanted =
      /node_modules\/(zod|hono|bolt11|secp256k1|tiny-secp256k1|@noble|bn\.js|elliptic|dynalite|lmdb)\/|(^|\/)(connector|local|infra)\//;
    expect(inputs.filter((input) => unwanted.test(input))).toEqual([]);
    expect(kilobytes).toBeLessThan(700);
  });

  it('settles what the stream brings, and sweeps when it brings nothing', async () => {
    await stage.book('alice', 2);
    const records: StreamRecord[] = await stage.records();
    const [poison] = records.filter(({ dynamodb }) => dynamodb!.NewImage?.sequence?.N === '2');
    poison!.dynamodb!.NewImage!.amountMsat = { S: 'much' };
    const { tables, log, answers } = await served((endpoint) =>
      invoke(endpoint, { Records: records }, { source: 'aws.events', 'detail-type': 'Scheduled Event' }),
    );
    expect(tables).toBeGreaterThan(3);
    expect(answers).toEqual([
      { batchItemFailures: [] },
      {
        swept: { creators: 2, handed: 1, failed: 0 },
        checked: { creators: 2, rows: 2, wrong: 0 },
      },
    ]);
    expect(log).toContain("alarm: 'parked'");
    expect(log).toContain("alarm: 'missed'");
    expect(await stage.unhanded('alice', 2n)).toEqual([]);
  });
});

/** Serves the table of the stage over HTTP meanwhile, and counts its requests. */
async function served<T extends object>(use: (endpoint: string) => Promise<T>) {
  let tables = 0;
  const { requestHandler } = stage.ledger.client.config;
  const server = createServer(async (request, response) => {
    tables++;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await requestHandler.handle({
      headers: { 'x-amz-target': request.headers['x-amz-target'] },
      body: Buffer.concat(chunks),
    } as never);
    response.writeHead(answer.response.statusCode, answer.response.headers).end(answer.response.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return { ...(await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)), tables };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
