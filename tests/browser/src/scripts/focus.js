// Notes every element that gets the focus, and whether that can be seen. Evaluated once for each walk.
(() => {
  const selector = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]';
  const shown = element => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const ring = element => {
    // A colour that fades in would be read at its first, invisible instant.
    element.getAnimations().forEach(animation => animation.finish());
    const style = getComputedStyle(element);
    const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return (outline ? style.outline : '') + '|' + (style.boxShadow === 'none' ? '' : style.boxShadow);
  };
  const name = element => {
    const id = element.id ? '#' + element.id : element.name ? `[name=${element.name}]` : '';
    const text = (element.textContent || element.value || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    return `<${element.localName}${id}> ${text}`.trim();
  };
  document.activeElement?.blur();
  window.scrollTo(0, 0);
  getSelection().removeAllRanges();
  const wanted = [...document.querySelectorAll(selector)].filter(e => !e.disabled && !e.closest('[inert]') && shown(e));
  const before = new Map(wanted.map(element => [element, ring(element)]));
  const seen = new Set();
  const visible = new Set();
  const note = event => {
    const element = event.target;
    seen.add(element);
    const now = ring(element);
    // Once is enough: Tab leaves the page at its end and comes back, and at that instant the page may be inactive.
    if (now !== '|' && now !== before.get(element)) visible.add(element);
  };
  document.addEventListener('focusin', note);
  // Of the choices of one group, Tab reaches only one: the arrow keys do the rest.
  const group = e => e.type === 'radio' && e.name ? [...(e.form ?? document).querySelectorAll('[type=radio]')]
    .filter(other => other.name === e.name) : [e];
  // Rows and panels that scripts may focus are not in the way of Tab, and need not be.
  const passive = e => e.tabIndex < 0 && e.matches('main, section, div, h1, h2, h3, [role=alert], [role=status]');
  window.seatkeeperWalk = {
    progress: () => seen.size,
    end: () => {
      document.removeEventListener('focusin', note);
      const left = wanted.filter(e => !passive(e) && !group(e).some(other => seen.has(other)));
      return { unreached: left.map(name), invisible: [...seen].filter(e => !visible.has(e)).map(name), reached: seen.size };
    },
  };
})()
