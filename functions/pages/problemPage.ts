import { html } from 'hono/html';
import { type Problem, type ProblemKind, problemFreshness } from '../http/problem.ts';
import { type Representation, represent } from '../http/representation.ts';
import { PAGE_HEADERS, PAGE_TYPE, pageShell } from './layout.ts';

/** What a visitor can do about it. */
const ADVICE: Partial<Record<ProblemKind, string>> = {
  'unknown-creator': 'Nobody has this name here. Is the address spelt as it was given to you?',
  'unknown-option': 'The creator may have changed the amounts to choose from.',
  'closed-creator':
    'An invoice of theirs that was saved or printed may still be payable, and goes to them all the same.',
  'invoice-pending': 'The node is making a fresh one, which takes a few seconds.',
  'unknown-path':
    'Is the address spelt as it was given to you? A tip page’s is /@ and the name of its creator.',
  'table-unavailable': 'It is not your fault, and no money was moved.',
};

/**
 * A problem as a page for people. One that passes by itself is asked again by the browser.
 * @param headers of all answers at that address
 */
export function problemPage(problem: Problem, headers: Record<string, string> = {}): Representation {
  const retry = problem.headers['retry-after'];
  const head = retry ? html`<meta http-equiv="refresh" content="${retry}">\n` : '';
  const wait = retry ? html`<p class="soft">This page tries again by itself.</p>` : '';
  const main = html`<header>
<h1>${problem.title}</h1>
<p>${ADVICE[problem.kind] ?? problem.message}</p>
${wait}<p class="soft"><a href="/">What this is</a></p>
</header>`;
  return represent({
    status: problem.status,
    type: PAGE_TYPE,
    body: pageShell(problem.title, head, main),
    cacheControl: problemFreshness(problem),
    headers: { ...PAGE_HEADERS, ...problem.headers, ...headers },
  });
}
