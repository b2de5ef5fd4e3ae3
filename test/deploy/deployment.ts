import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resource } from '../infra/synthesise.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MOST_OUTPUT = 50_000_000;

export interface Deployment {
  /** What the stacks tell, by name. */
  readonly outputs: Record<string, string>;
  /** The templates as they were deployed. */
  readonly resources: Record<string, Resource>;
  /** Of an environment that nothing was deployed to before, and of all stacks from source to the last resource. */
  readonly seconds: { readonly bootstrap: number; readonly deploy: number };
}

/** Bootstraps an emulated account and deploys to it what the settings say, by the CDK's own command. */
export async function deploy(endpoint: string): Promise<Deployment> {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-deploy-'));
  const cdk = async (cwd: string, ...args: string[]) => {
    const began = performance.now();
    await promisify(execFile)(join(root, 'node_modules/.bin/cdk'), [...args, '--no-notices'], {
      cwd,
      maxBuffer: MOST_OUTPUT,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        CI: 'true',
      },
    });
    return (performance.now() - began) / 1000;
  };
  try {
    const out = join(dir, 'cdk.out');
    const outputsFile = join(dir, 'outputs.json');
    // In a folder without an app, which would be synthesised for nothing.
    const bootstrap = await cdk(dir, 'bootstrap', 'aws://000000000000/us-east-1');
    const seconds = {
      bootstrap,
      deploy: await cdk(
        root,
        ...['deploy', '--all', '--require-approval', 'never', '--output', out, '--outputs-file', outputsFile],
      ),
    };
    const outputs = JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, Record<string, string>>;
    const templates = Object.keys(outputs).map((stack) =>
      readFileSync(join(out, `${stack}.template.json`), 'utf8'),
    );
    return {
      outputs: Object.assign({}, ...Object.values(outputs)),
      resources: Object.assign({}, ...templates.map((text) => JSON.parse(text).Resources)),
      seconds,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
