/** The colours of pages, overlay and tip jar, by what they are for, as CSS has them. */
interface Palette {
  readonly ground: string;
  readonly card: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  readonly 'on-accent': string;
  readonly tint: string;
}

export const LIGHT: Palette = {
  ground: '#faf8f5',
  card: '#fff',
  ink: '#1c1917',
  soft: '#625b54',
  line: '#e4ded6',
  accent: '#9a4a00',
  'on-accent': '#fff',
  tint: '#fdf1e3',
};

export const DARK: Palette = {
  ground: '#161412',
  card: '#211e1b',
  ink: '#f3eee8',
  soft: '#b3a99e',
  line: '#3a3530',
  accent: '#ffb15c',
  'on-accent': '#241300',
  tint: '#33281c',
};

/** The bolt of the icon, which stands on grounds of others. */
export const BOLT = '#e07b1a';

/**
 * A palette as custom properties: `--ground:#faf8f5;…`
 * @param written what a property is, of its name and colour
 */
export const customProperties = (
  palette: Palette,
  written = (_name: string, colour: string): string => colour,
): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${written(name, colour)}`)
    .join(';');
