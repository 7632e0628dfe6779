import koffi from 'koffi';
import { open } from '/work/main/lib/index.js';
import { compile } from '/work/main/lib/testing/tools.js';
const path = compile('bench.c', {flags:['-g','-O2','-shared','-fPIC']});
const p = open(path); const lib = koffi.load(path);
const N=3e6;
function bench(name: string,fn: (n:number)=>unknown){ fn(2e5);fn(2e5); let best=1e9; for(let k=0;k<7;k++){const t=process.hrtime.bigint(); fn(N); const d=Number(process.hrtime.bigint()-t)/N; if(d<best)best=d;} console.log(name,best.toFixed(2),'ns'); }
const {add, twice, nothing, length} = p.symbols as any; const count=p.lookup('count'), ratio=p.lookup('ratio'), origin=p.lookup('origin');
const radd=lib.func('int add(int,int)'), rtw=lib.func('double twice(double)'), rno=lib.func('void nothing(void)'), rlen=lib.func('int length(const char *)');
for (let r=0;r<2;r++){
bench('raw add',n=>{let s=0;for(let i=0;i<n;i++)s+=radd(i,1);return s});
bench('our add',n=>{let s=0;for(let i=0;i<n;i++)s+=add(i,1);return s});
bench('raw twice',n=>{let s=0;for(let i=0;i<n;i++)s+=rtw(i);return s});
bench('our twice',n=>{let s=0;for(let i=0;i<n;i++)s+=twice(i);return s});
bench('raw nothing',n=>{for(let i=0;i<n;i++)rno();});
bench('our nothing',n=>{for(let i=0;i<n;i++)nothing();});
bench('raw length',n=>{let s=0;for(let i=0;i<n;i++)s+=rlen('hello');return s});
bench('our length',n=>{let s=0;for(let i=0;i<n;i++)s+=length('hello');return s});
}
const arr=new Int32Array(4);
bench('Int32Array read',n=>{let s=0;for(let i=0;i<n;i++)s=(s+arr[1]!)|0;return s});
bench('count read',n=>{let s=0;for(let i=0;i<n;i++)s=(s+count.value)|0;return s});
bench('Int32Array write',n=>{for(let i=0;i<n;i++)arr[0]=i;});
bench('count write',n=>{for(let i=0;i<n;i++)count.value=i;});
const arrd=new Float64Array(4);
bench('Float64Array read',n=>{let s=0;for(let i=0;i<n;i++)s+=arrd[1]!;return s});
bench('ratio read',n=>{let s=0;for(let i=0;i<n;i++)s+=ratio.value;return s});
bench('ratio write',n=>{for(let i=0;i<n;i++)ratio.value=i;});
const o=origin.value;
bench('field read',n=>{let s=0;for(let i=0;i<n;i++)s+=o.y;return s});
bench('field read via V.value.y',n=>{let s=0;for(let i=0;i<n;i++)s+=origin.value.y;return s});
bench('field write',n=>{for(let i=0;i<n;i++)o.y=i;});
const S=koffi.struct({x:'int',y:'int',weight:'double',name:koffi.array('char',16,'String')}); const sp=lib.symbol('origin'), cp=lib.symbol('count');
bench('koffi decode int /10',n=>{let s=0;for(let i=0;i<n/10;i++)s+=koffi.decode(cp,'int');return s});
bench('koffi encode int /10',n=>{let s=0;for(let i=0;i<n/10;i++)koffi.encode(cp,'int',i);return s});
bench('koffi decode struct /10',n=>{let s=0;for(let i=0;i<n/10;i++)s+=koffi.decode(sp,S).y;return s});
