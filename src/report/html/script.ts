/** The page's only script: it turns legends into switches for their curves. The page is complete without it. */
export const script = `
for (const figure of document.querySelectorAll('[data-toggles]')) {
  for (const key of figure.querySelectorAll('[data-key]')) {
    const curve = figure.querySelector('[data-curve="' + key.dataset.key + '"]');
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    button.append(...key.childNodes);
    key.append(button);
    const light = (on) => { figure.classList.toggle('lit', on); curve.classList.toggle('on', on); };
    button.addEventListener('click', () => {
      const off = curve.classList.toggle('off');
      button.setAttribute('aria-pressed', String(!off));
    });
    for (const [name, on] of [['mouseenter', true], ['focus', true], ['mouseleave', false], ['blur', false]]) button.addEventListener(name, () => light(on));
  }
}
`;
