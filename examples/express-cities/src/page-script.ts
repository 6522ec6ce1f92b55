/** Runs in the browser: fires requests and shows, for each, hit or miss and the time. */
export const PAGE_SCRIPT = `
const log = document.querySelector('#log tbody');
const tenant = () => document.querySelector('input[name=tenant]:checked').value;
let population = 3426354;

async function send(method, path) {
  const headers = { 'X-Tenant': tenant() };
  const options = { method, headers };
  if (method === 'POST' && path.includes('/cities/')) {
    headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify({ population: ++population });
  }
  const startedAt = performance.now();
  const response = await fetch(path, options);
  const body = await response.arrayBuffer();
  const ms = performance.now() - startedAt;
  const status = response.headers.get('Cache-Status') ?? '';
  const outcome = /; *hit/.test(status) ? 'HIT' : /fwd=([a-z]+-)?(miss|stale|request)/.test(status) ? 'MISS' : '';
  show([method + ' ' + path, headers['X-Tenant'], outcome || response.status,
    ms.toFixed(ms < 10 ? 1 : 0) + ' ms', (body.byteLength / 1024).toFixed(1) + ' kB'], outcome);
}

function show(texts, outcome) {
  log.querySelector('.empty')?.remove();
  const row = log.insertRow(0);
  texts.forEach((text, index) => {
    const cell = row.insertCell();
    cell.textContent = text;
    if (index === 2) cell.className = outcome;
    if (index > 2) cell.className = 'number';
    if (index === 4) cell.classList.add('wide');
  });
  while (log.rows.length > 12) log.deleteRow(-1);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) send(button.dataset.method, button.dataset.path);
});
for (const link of document.querySelectorAll('a[data-host]')) {
  link.href = 'http://' + link.dataset.host + (location.port && ':' + location.port) + '/';
}
`;
