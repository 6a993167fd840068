"use strict";

// Holds the directory as /v1/edge/snapshot tells it: whole at first, then differences, one long-poll at a time.
const services = new Map();
const usable = new Set(["ready", "warming", "unknown"]);
const status = document.getElementById("status");
const filter = document.getElementById("filter");
const root = document.getElementById("services");
const template = document.getElementById("service");

function say(text, kind) {
  status.textContent = text;
  status.className = kind;
}

function take(snapshot) {
  if (snapshot.full) services.clear();
  for (const name of snapshot.removed) services.delete(name);
  for (const [name, service] of Object.entries(snapshot.services)) services.set(name, service);
}

function number(value, digits) {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}

function percent(value) {
  return value === null || value === undefined ? "–" : (value * 100).toFixed(1) + " %";
}

function cell(row, text, kind) {
  const td = row.insertCell();
  td.textContent = text;
  if (kind) td.className = kind;
  return td;
}

function row(body, rank, instance) {
  const tr = body.insertRow();
  if (!usable.has(instance.state)) tr.className = "out";
  cell(tr, rank, "n");
  cell(tr, instance.id);
  cell(tr, instance.address);
  cell(tr, instance.lane || "base");
  cell(tr, instance.zone || "–");
  cell(tr, instance.state, "state " + instance.state);
  const weight = cell(tr, "");
  const meter = document.createElement("meter");
  meter.max = 4;
  meter.value = instance.weight;
  weight.append(meter, " " + instance.weight.toFixed(2));
  cell(tr, number(instance.score, 1), "n");
  cell(tr, percent(instance.cpu), "n");
  cell(tr, number(instance.memoryGib, 2), "n");
  cell(tr, number(instance.inFlight, 1), "n");
  cell(tr, number(instance.latencyMs, 1), "n");
  cell(tr, number(instance.rps, 1), "n");
  cell(tr, percent(instance.errorRate), "n");
  cell(tr, instance.ageMs === null ? "–" : (instance.ageMs / 1000).toFixed(1), "n");
}

function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = [];
  for (const name of [...services.keys()].sort()) {
    const service = services.get(name);
    const instances = service.instances.filter((one) =>
      words.every((word) => [name, one.lane || "base", one.zone].some((text) => text.toLowerCase().includes(word))));
    if (words.length > 0 && instances.length === 0) continue;
    const section = template.content.cloneNode(true);
    section.querySelector("h2").textContent = name;
    const alive = service.instances.filter((one) => usable.has(one.state)).length;
    const panic = service.panic.length > 0 ? ", panic in " + service.panic.map((lane) => lane || "base").join(", ") : "";
    section.querySelector(".facts").textContent = `${service.mode}, ${alive} of ${service.instances.length} usable${panic}`;
    const body = section.querySelector("tbody");
    instances.forEach((instance, index) => row(body, index + 1, instance));
    shown.push(section);
  }
  root.replaceChildren(...shown);
  document.getElementById("empty").hidden = services.size > 0;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function follow() {
  let version = null;
  for (;;) {
    try {
      const query = version === null ? "" : `?since=${encodeURIComponent(version)}&wait=30s`;
      const response = await fetch("/v1/edge/snapshot" + query, { cache: "no-store" });
      if (response.status === 304) continue;
      if (!response.ok) {
        const problem = await response.json();
        say(problem.code, "lost");
        await pause(1000);
        continue;
      }
      const snapshot = await response.json();
      version = snapshot.version;
      take(snapshot);
      show();
      if (snapshot.stale) say(`stale for ${Math.round(snapshot.staleMs / 1000)} s`, "stale");
      else say("live", "live");
      await pause(200); // a reader's eye needs no more
    } catch {
      say("connection lost", "lost");
      await pause(1000);
    }
  }
}

filter.addEventListener("input", show);
follow();
