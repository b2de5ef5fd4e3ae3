import { widget as text } from '../../shared/browser/text/index.ts';

/** Whose jar it is, and where. */
export interface Place {
  /** The service, without a slash at the end. */
  readonly origin: string;
  readonly handle: string;
  /** The option to begin with; the open one if there is none. */
  readonly option: string | undefined;
}

/** An attribute that can't be used. Its message is shown in the widget, to whoever writes the page. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError';
  constructor(attribute: string, value: string | null, expected: string) {
    super(text.badAttribute(attribute, value, expected));
  }
}

const HANDLE = /^(?=.{2,30}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const OPTION = /^[a-km-np-z2-9]{10}$/;

function readOrigin(host: string): string {
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.origin;
  throw new PlaceError('host', host, text.expected.host);
}

/**
 * Read the element's attributes.
 * @param home the origin that the widget came from: where the jar is if `host` says nothing else
 * @throws PlaceError
 */
export function readPlace(element: Element, home: string): Place {
  const written = element.getAttribute('handle');
  const handle = written?.toLowerCase();
  if (!handle || !HANDLE.test(handle)) throw new PlaceError('handle', written, text.expected.handle);
  const option = element.getAttribute('option');
  if (option && !OPTION.test(option)) throw new PlaceError('option', option, text.expected.option);
  return { origin: readOrigin(element.getAttribute('host') ?? home), handle, option: option ?? undefined };
}
