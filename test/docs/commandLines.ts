import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Words that a block of commands may begin with. What begins with another is no command: a diagram, an answer, a file. */
const PROGRAMS =
  /^(ampjar|aws|cd|chown|cp|curl|docker|export|git|install|journalctl|lncli|mkdir|npm|npx|openssl|rsync|sudo|systemctl|tar|[A-Z_]+=\S+)(\s|$)/;

/** How many lines behind its command an answer may begin: a fence, and empty ones. */
const NEAR = 3;

/** A command line of a page, as a reader copies it: lines that end with a backslash are one. */
export interface CommandLine {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** The JSON document that the page shows next, which is what comes out. */
  readonly answer?: string;
}

interface Block {
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
}

/** The code of a page, fenced or indented by four spaces behind an empty line. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)```(\w*)/.exec(lines[at]!);
    const begun = at + (fence ? 1 : 0);
    let end = begun;
    if (fence) {
      while (end < lines.length && !lines[end]!.trimStart().startsWith('```')) end++;
      const inside = lines.slice(begun, end).map((line) => line.slice(fence[1]!.length));
      blocks.push({ line: begun + 1, language: fence[2]!, lines: inside });
      at = end;
    } else if (/^ {4}\S/.test(lines[at]!) && (at === 0 || lines[at - 1] === '')) {
      while (end < lines.length && (/^ {4}/.test(lines[end]!) || lines[end] === '')) end++;
      const inside = lines.slice(begun, end).map((line) => line.slice(4));
      blocks.push({ line: begun + 1, language: '', lines: inside });
      at = end - 1;
    }
  }
  return blocks;
}

const isOfCommands = ({ language, lines }: Block): boolean =>
  ['', 'sh', 'bash'].includes(language) && PROGRAMS.test(lines[0] ?? '');

/** The command lines of a page, in order. */
export function commandLines(page: string): CommandLine[] {
  const blocks = blocksOf(readFileSync(`${ROOT}${page}`, 'utf8'));
  return blocks.flatMap((block, at) => {
    if (!isOfCommands(block)) return [];
    const end = block.line + block.lines.length;
    const next = blocks.slice(at + 1).find(({ line }) => line <= end + NEAR);
    const found: { line: number; text: string }[] = [];
    let open = false;
    for (const [index, line] of block.lines.entries()) {
      if (line.trim() === '') continue;
      if (open) found.at(-1)!.text += `\n${line}`;
      else found.push({ line: block.line + index, text: line });
      open = line.endsWith('\\');
    }
    return found.map((each, index) => ({
      page,
      ...each,
      ...(index === found.length - 1 && next?.language === 'json' ? { answer: next.lines.join('\n') } : {}),
    }));
  });
}

/** The pages with commands to type: README.md and all of docs/, decisions apart, which tell what was. */
export function pages(): string[] {
  const inside = (folder: string): string[] =>
    readdirSync(`${ROOT}${folder}`, { withFileTypes: true })
      .flatMap((entry) => {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) return entry.name === 'decisions' ? [] : inside(path);
        return path.endsWith('.md') ? [path] : [];
      })
      .sort();
  return ['README.md', ...inside('docs')];
}
