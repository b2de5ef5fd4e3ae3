import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Resource } from '../infra/synthesise.ts';
import type { Deployed } from './runtimeApi.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Bundled = Resource & { Metadata?: Record<string, string> };

/** A value of a template that is known here, by what it names. */
export type Known = (value: unknown, variable: string) => string;

/** All functions of the project as `npm run synth` makes them, by their descriptions. */
export async function synthesiseFunctions() {
  const out = mkdtempSync(join(tmpdir(), 'ampjar-bundles-'));
  await promisify(execFile)('npm', ['run', '--silent', 'synth', '--', '--output', out], { cwd: root });
  const templates = readdirSync(out).filter((file) => file.endsWith('.template.json'));
  const resources = templates.flatMap((file) =>
    Object.values(JSON.parse(readFileSync(join(out, file), 'utf8')).Resources as Record<string, Bundled>),
  );
  const functions = resources.filter(
    ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Runtime === 'nodejs24.x',
  );
  const codeOf = ({ Properties, Metadata }: Bundled): string => {
    if (Metadata?.['aws:asset:path']) return join(out, Metadata['aws:asset:path']);
    const folder = join(out, `inline-${functions.findIndex((each) => each.Properties === Properties)}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), Properties.Code.ZipFile);
    return folder;
  };
  return {
    descriptions: functions.map(({ Properties }) => Properties.Description as string),
    /**
     * The function whose description begins so.
     * @param known what stands for a variable's value that the template leaves to CloudFormation
     */
    deployed(description: string, known: Known): Deployed {
      const found = functions.filter(({ Properties }) => Properties.Description.startsWith(description));
      if (found.length !== 1) throw new Error(`${found.length} functions are described by "${description}"`);
      const [{ Properties }] = found as [Bundled];
      const variables = Object.entries(Properties.Environment?.Variables ?? {});
      return {
        code: codeOf(found[0]!),
        handler: Properties.Handler,
        timeoutSeconds: Properties.Timeout,
        environment: Object.fromEntries(
          variables.map(([name, value]) => [name, typeof value === 'string' ? value : known(value, name)]),
        ),
      };
    },
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}

export type Synthesised = Awaited<ReturnType<typeof synthesiseFunctions>>;
