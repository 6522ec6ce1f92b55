import { ATTRIBUTION } from './data-set.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';
import type { CountryStatistics } from './queries.js';
import type { Tenant } from './tenants.js';

export interface PageModel {
  tenant: Tenant;
  tenants: readonly Tenant[];
  countries: readonly CountryStatistics[];
  /** How long the database took for the statistics. */
  ms: number;
  at: Date;
}

/** Requests worth trying: each costs the database something, and differs from tenant to tenant. */
const TRY = [
  { path: '/api/countries', what: 'Statistics of every country (window functions)' },
  { path: '/api/nearest?lat=41.01&lon=28.98', what: 'Nearest cities (great-circle distance)' },
  { path: '/api/pairs?km=25&min=300000', what: 'Large cities within 25 km of each other' },
  { path: '/api/search?q=san+jose', what: 'Full-text search' },
  { path: '/api/cities/2950159', what: 'One city, its place and its larger neighbour' },
];

const BERLIN = '/api/cities/2950159';

export function renderPage({ tenant, tenants, countries, ms, at }: PageModel): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cities: ${escapeHtml(tenant.title)}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body data-tenant="${escapeHtml(tenant.name)}">
<header>
  <h1>What a cache hit buys</h1>
  <p>130,000 cities in Postgres, three tenants, slow queries on purpose, and
  <code>responseCache()</code> in front. Send a request twice: the first one asks the database, the
  second one does not.</p>
</header>
<main>
<section>
  <h2>Send requests as</h2>
  <div class="tenants" role="radiogroup" aria-label="Tenant">${tenants.map((each) => tenantChoice(each, each === tenant)).join('')}</div>
  <ul class="try">${TRY.map(tryRow).join('')}
    <li><button data-method="POST" data-path="${BERLIN}" class="write">POST</button>
      <span><code>${BERLIN}</code><small>Correct Berlin’s population: its answers are purged</small></span></li>
    <li><button data-method="POST" data-path="/admin/version" class="write">POST</button>
      <span><code>/admin/version</code><small>A new version: this tenant’s answers are gone, the others’ stay</small></span></li>
  </ul>
</section>
<section aria-live="polite">
  <h2>What happened</h2>
  <table id="log">
    <thead><tr><th>Request</th><th>Tenant</th><th>Cache</th><th class="number">Time</th><th class="number wide">Size</th></tr></thead>
    <tbody><tr class="empty"><td colspan="5">Nothing yet: press a button, then press it again.</td></tr></tbody>
  </table>
</section>
<section>
  <h2>Largest countries: ${escapeHtml(tenant.title)}</h2>
  <p>This part of the page was computed in ${ms.toFixed(0)} ms, at
  <time datetime="${at.toISOString()}">${at.toISOString().slice(11, 19)} UTC</time>. Load the page
  again within a minute: the time stays, because the page itself came from the cache.</p>
  <table>
    <thead><tr><th>Country</th><th class="number">Cities</th><th class="number">People in them</th><th class="wide">Largest city</th></tr></thead>
    <tbody>${countries.slice(0, 10).map(countryRow).join('')}</tbody>
  </table>
  <p class="tenants">The same page for ${tenants.map(tenantLink).join(' ')}</p>
</section>
</main>
<footer>${escapeHtml(ATTRIBUTION)}</footer>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function tenantChoice({ name, title }: Tenant, chosen: boolean): string {
  return `<label><input type="radio" name="tenant" value="${escapeHtml(name)}"${chosen ? ' checked' : ''}><span>${escapeHtml(title)}</span></label>`;
}

function tenantLink({ name, title }: Tenant): string {
  return `<a href="/" data-host="${escapeHtml(name)}.localhost">${escapeHtml(title)}</a>`;
}

function tryRow({ path, what }: { path: string; what: string }): string {
  const safe = escapeHtml(path);
  return `
    <li><button data-method="GET" data-path="${safe}">GET</button>
      <span><a href="${safe}"><code>${safe}</code></a><small>${escapeHtml(what)}</small></span></li>`;
}

function countryRow(country: CountryStatistics): string {
  return `
      <tr><td>${escapeHtml(country.name)}</td><td class="number">${count(country.cities)}</td><td class="number">${count(country.population)}</td><td class="wide">${escapeHtml(country.largestCity)}</td></tr>`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
