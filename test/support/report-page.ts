/** Pages of `pauselab report`. */

/** The text of a part of the page. */
export function textOfPart(page: string, id: string): string {
  const [, text = ''] = new RegExp(`<section id="${id}"[^]*?</h2>([^]*?)</section>`).exec(page) ?? [];
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
