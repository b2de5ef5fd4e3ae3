import { request as requestPlain } from 'node:http';
import { request as askByTls } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { sleep } from '../shared/concurrency/sleep.ts';
import { EDGE_QUESTIONS, type Question, STRANGERS_QUESTIONS } from './deploy/questions.ts';

const TRIES = 12;
/** A name that is new to the world's resolvers takes a while. */
const PAUSE_MS = 10_000;
const PATIENCE_MS = 10_000;
/** Questions that are asked at once: wallets' are bounded for each address. */
const AT_ONCE = 8;

/** How a deployment is reached, each an origin without a slash at its end. */
export interface Reached {
  /** What readers know. */
  readonly edge: string;
  /** The functions' own URLs. */
  readonly functions: readonly string[];
}

/** A question that was not answered as it should be. */
export interface Wrong {
  /** What is wrong, in a line. */
  readonly says: string;
  /** Whether the answer is the one of a signature that does not hold: it would, if nothing had to be signed. */
  readonly isRefused: boolean;
}

/**
 * Whether a deployment answers to the world, tried for two minutes: all spellings of paths and queries come through the edge as they
 * were written, and the functions' own URLs tell strangers nothing.
 * @returns what is wrong, for each question that was not answered as it should be
 */
export async function notAnswering(
  { edge, functions }: Reached,
  { pauseMs = PAUSE_MS, tries = TRIES }: { pauseMs?: number; tries?: number } = {},
): Promise<Wrong[]> {
  const asked = [
    ...EDGE_QUESTIONS.map((question) => ({ origin: edge, question })),
    ...functions.flatMap((origin) =>
      STRANGERS_QUESTIONS.map((question) => ({ origin, question, isStrangers: true })),
    ),
  ];
  for (let left = tries, open = asked; ; left--) {
    const wrong: (Wrong & { question: (typeof asked)[number] })[] = [];
    for (let at = 0; at < open.length; at += AT_ONCE)
      await Promise.all(
        open.slice(at, at + AT_ONCE).map(async (each) => {
          const problem = await problemAt(each.origin, each.question);
          if (problem) wrong.push({ ...problem, question: each });
        }),
      );
    if (wrong.length === 0 || left <= 1)
      return wrong.map(({ says, isRefused, question }) =>
        'isStrangers' in question
          ? { says: `${question.origin}${says}: a stranger may not be answered there`, isRefused: false }
          : { says, isRefused },
      );
    open = wrong.map(({ question }) => question);
    await sleep(pauseMs);
  }
}

async function problemAt(origin: string, question: Question): Promise<Wrong | undefined> {
  const { path, method = 'GET', status, type = '', arrived } = question;
  const at = method === 'GET' ? path : `${method} ${path}`;
  const expected = [`expected ${status}`, type, arrived && `that it heard ${arrived}`]
    .filter(Boolean)
    .join(' ');
  try {
    const given = await ask(origin, question);
    const heard = arrived === undefined || given.leadsTo.endsWith(arrived) || saysThat(given.body, arrived);
    if (given.status === status && given.type.startsWith(type) && heard) return undefined;
    const told = heard ? '' : ` ${given.body.slice(0, 200)}`;
    return {
      says: `${at}: ${given.status} ${given.type || 'no type'}${told}, ${expected}`,
      isRefused: given.status === 403,
    };
  } catch (error) {
    return { says: `${at}: ${(error as Error).message}, ${expected}`, isRefused: false };
  }
}

/** Whether an answer has a value, or names it in a sentence of a JSON text or of a page. */
function saysThat(body: string, value: string): boolean {
  const named = JSON.stringify(value);
  const texts: string[] = [];
  try {
    JSON.parse(body, (_, each) => {
      if (typeof each === 'string') texts.push(each);
      return each;
    });
  } catch {
    return textOf(body).includes(named);
  }
  return texts.some((text) => text === value || text.includes(named));
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** Text as it stands in a page. */
const textOf = (page: string) => page.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!);

/** Ask with a request line that is written as it is told: `fetch` would write some of it anew. */
function ask(origin: string, question: Pick<Question, 'path' | 'method' | 'headers'>) {
  const { path, method = 'GET', headers = {} } = question;
  const { protocol, hostname, port } = new URL(origin);
  const request = (protocol === 'https:' ? askByTls : requestPlain)({
    hostname,
    port,
    path,
    method,
    headers,
    agent: false,
  });
  return new Promise<{ status: number; type: string; leadsTo: string; body: string }>((resolve, reject) => {
    const late = setTimeout(() => request.destroy(new Error('no answer in time')), PATIENCE_MS);
    const failed = (error: Error) => {
      clearTimeout(late);
      reject(error);
    };
    request.on('error', failed);
    request.on('upgrade', () => request.destroy(new Error('another protocol')));
    request.on('close', () => failed(new Error('no answer')));
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: told } = response;
      buffer(response)
        .then((bytes) => {
          clearTimeout(late);
          const leadsTo = decodeURIComponent(told.location ?? '');
          resolve({ status, type: told['content-type'] ?? '', leadsTo, body: bytes.toString() });
        })
        .catch(failed);
    });
    request.end();
  });
}
