import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const COMMAND = resolve('.cache/venv/bin/schemathesis');

/** How an API is tried out. */
export interface Trial {
  readonly url: string;
  readonly document: object;
  /** Values of what is there, by parameter as in `path.handle`: half of the requests name them, so that they get somewhere. */
  readonly known: Record<string, readonly string[]>;
  readonly headers?: Record<string, string>;
  readonly seconds: number;
  /** Paths that are left alone. */
  readonly leaving?: readonly string[];
  /** Checks of schemathesis's that don't fit, and why. */
  readonly without: Record<string, string>;
}

/**
 * Try an API with requests that its document makes up, good and bad ones: none may be answered 5xx, and each answer is what the
 * document says.
 * @returns the exit code and what was printed
 * @see https://schemathesis.readthedocs.io
 */
export async function schemathesis({
  url,
  document,
  known,
  headers = {},
  seconds,
  leaving = [],
  without,
}: Trial) {
  const dir = await mkdtemp(join(tmpdir(), 'ampjar-fuzz-'));
  const quoted = (value: string) => JSON.stringify(value);
  const names = Object.keys(known);
  const config = [
    '[dictionaries]',
    ...names.map((name, at) => `known${at} = { values = [${known[name]!.map(quoted).join(', ')}] }`),
    // If-Match is asked for by 428, which RFC 6585 has for it.
    '[checks]',
    'missing_required_header.expected-statuses = [400, 401, 403, 406, 415, 422, 428]',
    '[parameters]',
    ...names.map((name, at) => `${quoted(name)} = { dictionary = "known${at}", probability = 0.6 }`),
  ];
  try {
    await writeFile(join(dir, 'schemathesis.toml'), config.join('\n'));
    await writeFile(join(dir, 'openapi.json'), JSON.stringify(document));
    const args = [
      ...['--config-file', join(dir, 'schemathesis.toml'), 'run', join(dir, 'openapi.json')],
      ...['--url', url, '--max-time', String(seconds), '--phases', 'examples,coverage,fuzzing'],
      ...[
        '--exclude-checks',
        Object.keys(without).join(','),
        '--continue-on-failure',
        '--max-failures',
        '20',
      ],
      ...[
        '--seed',
        process.env.FUZZ_SEED ?? '7',
        '--generation-database',
        'none',
        '--no-color',
        '--request-timeout',
        '5',
        '--warnings',
        'off',
      ],
      ...['--suppress-health-check', 'filter_too_much,too_slow'],
      ...leaving.flatMap((path) => ['--exclude-path', path]),
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ];
    return await new Promise<{ code: number | null; printed: string }>((done, failed) => {
      const child = spawn(COMMAND, args, { cwd: dir, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part) => {
          printed += part;
        });
      child.on('error', failed);
      child.on('close', (code) => done({ code, printed }));
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
