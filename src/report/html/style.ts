/**
 * The page's style: light, dark and print, wide and narrow. Colours are distinguishable with colour blindness, and each
 * has a second sign.
 */
export const style = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1d21;--soft:#575d66;--line:#d9dce1;--panel:#f6f7f9;--link:#0b57a4;--bad:#b3261e;--good:#1a6b35;
--c0:#0072b2;--c1:#c24e00;--c2:#00785a;--c3:#a8468a;--c4:#7a6a00;--c5:#5b4fc4;--c6:#8a3b12;--c7:#2b7f9e;--g0:#636972;--g1:#8b919a;
--kw:#f6c1ba;--kr:#fbdc9b;--kv:#b5e3c8;--ko:#c9dcf5;
--h:#0b57a4;--run:#1a7f4b;--ready:#b87500;--wait:#b3261e;--sleep:#7f8792}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--fg:#e6e8eb;--soft:#a5acb6;--line:#363b43;--panel:#1d2025;--link:#8cc2ff;--bad:#ff8f85;--good:#7fd39b;
--c0:#56b4e9;--c1:#ff9a4d;--c2:#3fcfa5;--c3:#e79bcf;--c4:#e3cf57;--c5:#b1a7ff;--c6:#e0a07f;--c7:#84d4ee;--g0:#8b919a;--g1:#686e77;
--kw:#7a2620;--kr:#6a4d08;--kv:#17533a;--ko:#24446b;
--h:#7fbcff;--run:#4cc38a;--ready:#f2b33d;--wait:#ff7b6f;--sleep:#8b919a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem clamp(.8rem,3vw,2.5rem) 3rem;max-width:1320px;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.6rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.5rem;border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:1.3rem 0 .4rem}h4{font-size:1rem;margin:0 0 .3rem}
p,ul,ol,dl{margin:.4rem 0;max-width:85ch}ul,ol{padding-left:1.3rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0}
a{color:var(--link)}code,pre{font:.87em/1.45 ui-monospace,monospace}pre{background:var(--panel);padding:.6rem .8rem;overflow-x:auto;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere}.long{overflow-wrap:anywhere}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;max-width:none}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.5rem 1.2rem;max-width:none}.facts dt{margin:0;font-weight:400;color:var(--soft);font-size:.85rem}.facts dd{overflow-wrap:anywhere}
.verdict{font-size:1.1rem;border-left:4px solid var(--link);padding:.2rem .8rem}
.small,caption,figcaption{color:var(--soft);font-size:.88rem}figcaption strong{color:var(--fg)}
.wide{overflow-x:auto;max-width:100%}table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}caption{text-align:left;padding:.3rem 0}
th,td{padding:.22rem .6rem .22rem 0;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}th.text,td.text,th[scope=row]{text-align:left}td.text{white-space:normal;min-width:9em;overflow-wrap:anywhere}td:last-child,th:last-child{padding-right:0}thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
summary{cursor:pointer;color:var(--link);padding:.15rem 0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:1rem 1.5rem}
figure{margin:0;min-width:0}svg{max-width:100%;display:block}svg:not(.timeline){height:auto}svg text{fill:var(--fg);font:11px system-ui,sans-serif}.legend svg,.bar{display:inline-block;vertical-align:middle}
.timeline{width:100%;max-width:56rem;margin:.6rem 0 .2rem}.timeline text{font-size:12px}.about{fill:var(--soft)}
.headline dd{margin:0 0 .35rem}.headline dt{margin-top:.7rem;color:var(--soft);font-size:.88rem}.headline dt:first-child{margin-top:0}.headline figure{background:var(--panel);border-radius:6px;padding:.7rem .9rem;margin:.6rem 0}
@media(min-width:1000px){.headline{display:grid;grid-template-columns:minmax(0,7fr) minmax(0,6fr);gap:1rem 2rem;align-items:start}}
.axis path,.axis line{stroke:var(--line);stroke-width:1;fill:none}.axis text{fill:var(--soft)}
.line{fill:none;stroke:var(--c);stroke-width:2}.seen{stroke-dasharray:1 4;stroke-linecap:round}.band{fill:var(--c);opacity:.16}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}.g0{--c:var(--g0)}.g1{--c:var(--g1)}
.d1 .line:not(.seen){stroke-dasharray:7 4}.d2 .line:not(.seen){stroke-dasharray:2 3}.d3 .line:not(.seen){stroke-dasharray:9 3 2 3}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.85rem;max-width:none}
.legend button{font:inherit;color:inherit;background:none;border:0;padding:.15rem .2rem;cursor:pointer;text-align:left}.legend button[aria-pressed=false]{text-decoration:line-through;opacity:.6}
[data-curve].off{display:none}.lit [data-curve]:not(.on){opacity:.2}
.run{fill:var(--panel)}.h0{fill:var(--h);opacity:.25}.h1{fill:var(--h);opacity:.36}.h2{fill:var(--h);opacity:.48}.h3{fill:var(--h);opacity:.62}.h4{fill:var(--h);opacity:.8}.h5{fill:var(--h)}
.mark{stroke:var(--bad);stroke-width:3.5;fill:none}a:focus .mark,a:hover .mark{stroke-width:7}
.stall{border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;margin:.8rem 0;scroll-margin-top:1rem}.stall:target{border-color:var(--link);border-width:2px}
.grade{font-size:.8rem;border:1px solid var(--line);border-radius:3px;padding:0 .35em;color:var(--soft);white-space:nowrap}
.a-running{fill:var(--run)}.a-runnable{fill:var(--ready);opacity:.85}.a-blocked{fill:var(--wait)}.a-asleep,.a-gone,.a-unobserved,.a-stopped{fill:var(--sleep)}.a-running.taker{fill:var(--c3)}.call{fill:none;stroke:var(--fg);stroke-width:1.3;stroke-dasharray:4 2}.event{fill:var(--c5)}.cause{fill:var(--c1)}.o-gives-back{fill:var(--c1)}.o-perhaps{fill:var(--c1);fill-opacity:.5}.o-other{fill:var(--c0)}.o-unknown{fill:var(--sleep)}a:focus rect,a:hover rect{stroke:var(--fg);stroke-width:1.5}
.v-regressed{color:var(--bad);font-weight:600}.v-improved{color:var(--good);font-weight:600}
.sign{display:inline-block;min-width:1.9em;padding:0 .25em;margin:1px;border-radius:3px;text-align:center;font:.82rem/1.5 ui-monospace,monospace}
.k-write{background:var(--kw)}.k-write-some{background:color-mix(in srgb,var(--kw) 65%,var(--bg))}.k-write-few{background:color-mix(in srgb,var(--kw) 35%,var(--bg))}.k-read{background:var(--kr)}.k-vma{background:var(--kv)}.k-none,.k-other{background:var(--ko)}.k-refused{color:var(--soft);border:1px solid var(--line)}.k-open{color:var(--soft);border:1px dashed var(--soft)}.odd{outline:2px solid var(--bad);font-weight:700}
.matrix td,.matrix thead th{text-align:center;padding:.05rem .5rem}.matrix thead th.text{text-align:left}.matrix .group{border-left:1px solid var(--line)}.sign small{color:inherit;font-size:.92em}
.skip{position:absolute;left:-99em}.skip:focus{left:1rem}
@media(max-width:640px){h1{font-size:1.3rem}nav ul{font-size:.9rem}.chart svg text{font-size:15px}.facts{grid-template-columns:1fr 1fr}
thead{position:absolute;left:-99em}table,tbody,caption{display:block}tbody tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.6rem,1fr));gap:.1rem .8rem;padding:.45rem 0;border-bottom:1px solid var(--line)}
tbody th,tbody td,tbody td.text{border:0;padding:0;text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:0}tbody th{grid-column:1/-1}tbody{font-size:.83rem}td[data-column]::before{content:attr(data-column);display:block;color:var(--soft);font-size:.78rem}}
@media print{body{max-width:none;font-size:11pt}nav,.skip{display:none}.stall,figure,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}.wide{overflow:visible}th,td{white-space:normal}a{color:inherit;text-decoration:none}}
`;
