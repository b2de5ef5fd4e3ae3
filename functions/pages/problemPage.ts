import { html } from 'hono/html';
import { problem as text } from '../../shared/browser/text/index.ts';
import { type Problem, type ProblemKind, problemFreshness } from '../http/problem.ts';
import { type Representation, represent } from '../http/representation.ts';
import { PAGE_HEADERS, PAGE_TYPE, pageShell } from './layout.ts';

const titles: Partial<Record<ProblemKind, string>> = text.titles;
/** What a visitor can do about it. */
const advice: Partial<Record<ProblemKind, string>> = text.advice;

/**
 * A problem as a page for people. One that passes by itself is asked again by the browser.
 * @param headers of all answers at that address
 */
export function problemPage(problem: Problem, headers: Record<string, string> = {}): Representation {
  const retry = problem.headers['retry-after'];
  const head = retry ? html`<meta http-equiv="refresh" content="${retry}">\n` : '';
  const wait = retry ? html`<p class="soft">${text.triesAgain}</p>` : '';
  const title = titles[problem.kind] ?? problem.title;
  const main = html`<header>
<h1>${title}</h1>
<p>${advice[problem.kind] ?? problem.message}</p>
${wait}<p class="soft"><a href="/">${text.home}</a></p>
</header>`;
  return represent({
    status: problem.status,
    type: PAGE_TYPE,
    body: pageShell(title, head, main),
    cacheControl: problemFreshness(problem),
    headers: { ...PAGE_HEADERS, ...problem.headers, ...headers },
  });
}
