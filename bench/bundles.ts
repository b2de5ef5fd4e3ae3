import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { addCreator, createKey, tableDefinition } from '../shared/ledger/index.ts';
import { NODE_24 } from '../test/bundles/node24.ts';
import { synthesiseFunctions } from '../test/bundles/synthesised.ts';
import type { Setting } from './bench.ts';
import { bundleRivals } from './lambdaRivals.ts';
import { TABLE } from './remote.ts';
import { openTable } from './table.ts';

/** A bundle, and what its function is told by its environment. */
export interface Bundle {
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The bundles of the template and what they are held against, with a table in a process of its own that has a creator `alice`. */
export async function openBundles(setting: Setting) {
  const { folder, defer, note } = setting;
  const { endpoint, ledger } = await openTable(setting);
  await ledger.client.send(new CreateTableCommand(tableDefinition(TABLE)));
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, new Date());
  const owner = { handle: 'alice', scope: 'read', name: 'bench' } as const;
  const { token } = await createKey(ledger, owner, new Date(), randomBytes);

  note('synthesising');
  const synthesised = await synthesiseFunctions();
  defer(async () => synthesised.remove());
  const rivals = await bundleRivals(folder('rivals'));
  const rival = (file: string): Bundle => ({ file, environment: {} });
  const stands = (_: unknown, variable: string) =>
    /URL$/.test(variable) ? 'https://queue.invalid/0/q' : 'live.invalid';
  return {
    /** Alice's API key. */
    token,
    bare: rival(rivals.bare),
    hono: rival(rivals.hono),
    client: rival(rivals.client),
    /** That of the function whose description begins so. */
    ours(description: string): Bundle {
      const { code, environment } = synthesised.deployed(description, stands);
      return { file: join(code, 'index.mjs'), environment };
    },
    /** What a script of `processes/` prints last, in a new process of Node 24 as Lambda's environment has it. */
    async run(script: string, { file, environment }: Bundle, ...args: string[]): Promise<string> {
      const path = fileURLToPath(new URL(`./processes/${script}.mjs`, import.meta.url));
      const { stdout } = await promisify(execFile)(NODE_24, [path, pathToFileURL(file).href, ...args], {
        env: {
          ...environment,
          AWS_ENDPOINT_URL_DYNAMODB: endpoint,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'bench',
          AWS_SECRET_ACCESS_KEY: 'bench',
          AWS_LAMBDA_FUNCTION_NAME: 'bench',
          TABLE_NAME: TABLE,
        },
      });
      return stdout.slice(stdout.lastIndexOf('\n') + 1);
    },
  };
}
