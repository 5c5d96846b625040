// What the document says of itself. One expression; its value is read by the audit.
({
  headings: document.querySelectorAll('h1').length,
  title: document.title.trim(),
  language: document.documentElement.lang,
  width: document.scrollingElement.scrollWidth,
  hints: [...document.querySelectorAll('link[rel~=preconnect], link[rel~=dns-prefetch], link[rel~=prefetch]')]
    .filter(link => new URL(link.href).host !== location.host).map(link => link.href),
})
