import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resource } from '../infra/synthesise.ts';
import type { Cloud } from './cloud.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MOST_OUTPUT = 50_000_000;

export interface Deployment {
  /** What the stack tells, by name. */
  readonly outputs: Record<string, string>;
  /** The templates as they were deployed, by logical id. */
  readonly resources: Record<string, Resource>;
  /** What the command printed last: where all is, and what to do next. */
  readonly printed: string;
  readonly seconds: number;
}

/** Deploys the test stage of the settings to an account with nothing in it, by the command for that. */
export async function deploy({ endpoint, env, preload }: Cloud): Promise<Deployment> {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-deploy-'));
  const out = join(dir, 'cdk.out');
  const outputsFile = join(dir, 'outputs.json');
  const command = ['cli/main.ts', 'deploy', '--stage', 'test', '--yes', '--outputs', outputsFile];
  const began = performance.now();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...command], {
      cwd: root,
      maxBuffer: MOST_OUTPUT,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        ...env,
        NODE_OPTIONS: `--import ${preload}`,
        // An output folder of its own, since one project may be synthesised by others meanwhile.
        CDK_OUTPUT: out,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        CI: 'true',
      },
    });
    const seconds = (performance.now() - began) / 1000;
    const templates = readdirSync(out).filter((file) => file.endsWith('.template.json'));
    return {
      outputs: JSON.parse(readFileSync(outputsFile, 'utf8'))['Ampjar-test'],
      resources: Object.assign(
        {},
        ...templates.map((file) => JSON.parse(readFileSync(join(out, file), 'utf8')).Resources),
      ),
      printed: stdout,
      seconds,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
