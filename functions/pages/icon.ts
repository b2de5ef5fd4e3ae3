import { BOLT } from '../../shared/browser/palette.ts';

/** The icon of pages: a bolt in a square of 16. */
export const ICON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="${BOLT}" d="M9 1 3 9h4l-1 6 7-9H9z"/></svg>`;

/** The same drawn on 32 by 32 pixels, PNG, for who asks for `/favicon.ico` without having seen a page. */
export const ICON_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAAzElEQVR42mNgGAVUAA+qpRIG0nIdIP48UJbzAPFlIP4/UA6YD7J8' +
    'QBwAineY5XR3ACzeB8QByPE+UA6Yj2453RyAHu90dQC2eKebA3DFOwl4Nk3inUh8Gog5aBLvRODXQKxAs3gngH8DscdAxnvDQMb7' +
    'dlrnChE8lt8HYgFaO8ABh+XfgdiAHoVSDg4HJNCrSJ5M9cKGRAfsp2phQ4YDXlOtsKEwB1BW2FAhBzQw0Bsg5YDtDAMBoDmA9oUN' +
    'Hgdsp0thg8cBPqOdUWoCAOpI1/SdHY9eAAAAAElFTkSuQmCC',
  'base64',
);
