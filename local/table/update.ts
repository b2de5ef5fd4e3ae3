import db from 'dynalite/db/index.js';
import { validationError } from './errors.ts';
import { NAME, type Operand, type Path, type Section } from './expressions.ts';
import { addNumbers, type Item, typeOf, type Value } from './value.ts';

const WRONG_TYPE = 'An operand in the update expression has an incorrect data type';
const NO_PATH = 'The document path provided in the update expression is invalid for update';
const NO_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item';

/**
 * What an update expression makes of an item, which stays as it was. All operands are read from the item as it
 * was before, whatever the order of the sections.
 *
 * @throws ValidationException for an operand of the wrong type, a missing attribute or a path that leads nowhere
 */
export function updatedItem(sections: Section[], before: Item, values: Item): Item {
  const results = sections.map((section) => result(section, before, values));
  const item: Item = { ...before };
  for (const { path } of sections) {
    const head = path[0] as string;
    if (path.length > 1 && item[head]) item[head] = structuredClone(before[head]!);
  }
  const shortened = new Set<Value[]>();
  sections.forEach(({ path }, i) => {
    place(item, path, results[i], shortened);
  });
  for (const list of shortened) list.splice(0, list.length, ...list.filter(() => true));
  return item;
}

/** The value that a section leaves at its path; undefined when it leaves none. */
function result(section: Section, item: Item, values: Item): Value | undefined {
  if (section.type === 'remove') return undefined;
  const value = evaluate(section.val, item, values);
  if (section.type === 'set') return value;
  const existing = db.mapPath(section.path, item) as Value | undefined;
  if (!existing) return section.type === 'add' ? value : undefined;
  const type = typeOf(value);
  if (typeOf(existing) !== type) throw validationError(WRONG_TYPE);
  if (type === 'N') return addNumbers(existing.N!, value.N!, 1);
  const old = existing[type] as string[];
  const given = new Set(value[type] as string[]);
  if (section.type === 'add') return { [type]: [...new Set([...old, ...given])] };
  const rest = old.filter((member) => !given.has(member));
  return rest.length > 0 ? { [type]: rest } : undefined;
}

function evaluate(operand: Operand, item: Item, values: Item): Value {
  if (Array.isArray(operand)) {
    const value = db.mapPath(operand, item) as Value | undefined;
    if (!value) throw validationError(NO_ATTRIBUTE);
    return value;
  }
  if (NAME in operand) return values[operand[NAME]]!;
  const [first, second] = operand.args as [Operand, Operand];
  if (operand.type === 'function' && operand.name === 'if_not_exists') {
    return (db.mapPath(first as Path, item) as Value | undefined) ?? evaluate(second, item, values);
  }
  const a = evaluate(first, item, values);
  const b = evaluate(second, item, values);
  if (operand.type === 'function') {
    if (!a.L || !b.L) throw validationError(WRONG_TYPE);
    return { L: [...a.L, ...b.L] };
  }
  if (a.N === undefined || b.N === undefined) throw validationError(WRONG_TYPE);
  return addNumbers(a.N, b.N, operand.type === 'add' ? 1 : -1);
}

/** Writes into a list beyond its end append; holes that removals leave are closed when all sections are done. */
function place(item: Item, path: Path, value: Value | undefined, shortened: Set<Value[]>): void {
  const last = path[path.length - 1]!;
  const parent = path.length === 1 ? { M: item } : (db.mapPath(path.slice(0, -1), item) as Value | undefined);
  if (typeof last === 'string') {
    if (!parent?.M) throw validationError(NO_PATH);
    if (value) parent.M[last] = value;
    else delete parent.M[last];
    return;
  }
  if (!parent?.L) throw validationError(NO_PATH);
  if (value) parent.L[Math.min(last, parent.L.length)] = value;
  else if (last < parent.L.length) {
    delete parent.L[last];
    shortened.add(parent.L);
  }
}
