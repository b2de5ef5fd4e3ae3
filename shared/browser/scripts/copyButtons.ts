import { copied } from '../text/index.ts';

/** Buttons that copy what stands in a field. They show themselves where it works; without them it can be selected. */
export function showCopyButtons() {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    const field = document.getElementById(button.dataset.copy!) as HTMLInputElement | HTMLTextAreaElement;
    field.onfocus = () => field.select();
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.onclick = () =>
      navigator.clipboard.writeText(field.value).then(
        () => {
          button.textContent = copied;
        },
        () => field.select(),
      );
  }
}
