/*! Made by examples/chat/vendor.

yjs 13.6.33

The MIT License (MIT)

Copyright (c) 2023
  - Kevin Jahns <kevin.jahns@protonmail.com>.
  - Chair of Computer Science 5 (Databases & Information Systems), RWTH Aachen University, Germany

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

lib0 0.2.120

The MIT License (MIT)

Copyright (c) 2019 Kevin Jahns <kevin.jahns@protonmail.com>.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
*/
var A=()=>new Map,qe=e=>{let t=A();return e.forEach((n,r)=>{t.set(r,n)}),t},L=(e,t,n)=>{let r=e.get(t);return r===void 0&&
e.set(t,r=n()),r},Jr=(e,t)=>{let n=[];for(let[r,s]of e)n.push(t(s,r));return n},Xr=(e,t)=>{for(let[n,r]of e)if(t(r,n))return!0;
return!1};var rt=()=>new Set;var Ge=e=>e[e.length-1];var Pr=(e,t)=>{for(let n=0;n<t.length;n++)e.push(t[n])},Y=Array.from,ze=(e,t)=>{for(let n=0;n<e.length;n++)if(!t(e[n],n,
e))return!1;return!0},he=(e,t)=>{for(let n=0;n<e.length;n++)if(t(e[n],n,e))return!0;return!1};var Kr=(e,t)=>{let n=new Array(e);for(let r=0;r<e;r++)n[r]=t(r,n);return n};var st=Array.isArray;var Dt=class{constructor(){this._observers=A()}on(t,n){return L(this._observers,t,rt).add(n),n}once(t,n){let r=(...s)=>{
this.off(t,r),n(...s)};this.on(t,r)}off(t,n){let r=this._observers.get(t);r!==void 0&&(r.delete(n),r.size===0&&this._observers.
delete(t))}emit(t,n){return Y((this._observers.get(t)||A()).values()).forEach(r=>r(...n))}destroy(){this._observers=A()}};var B=Math.floor;var yt=Math.abs;var He=(e,t)=>e<t?e:t,it=(e,t)=>e>t?e:t,kl=Number.isNaN;var Je=e=>e!==0?e<0:1/e<0;var Tt=Number.MAX_SAFE_INTEGER,Ln=Number.MIN_SAFE_INTEGER,Sl=1<<31;var Yr=Number.isInteger||(e=>typeof e=="number"&&isFinite(e)&&B(e)===e),_l=Number.isNaN,El=Number.parseInt;var Mn=String.fromCharCode,$i=String.fromCodePoint,Ul=Mn(65535),Fi=e=>e.toLowerCase(),ji=/^\s*/g,qi=e=>e.replace(ji,""),
Gi=/([A-Z])/g,Rn=(e,t)=>qi(e.replace(Gi,n=>`${t}${Fi(n)}`));var zi=e=>{let t=unescape(encodeURIComponent(e)),n=t.length,r=new Uint8Array(n);for(let s=0;s<n;s++)r[s]=t.codePointAt(s);
return r},Ot=typeof TextEncoder<"u"?new TextEncoder:null,Hi=e=>Ot.encode(e),Wr=Ot?Hi:zi;var vt=typeof TextDecoder>"u"?null:new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0});vt&&vt.decode(new Uint8Array).length===
1&&(vt=null);var Xe=(e,t)=>Kr(t,()=>e).join("");var xt=class{constructor(){this.cpos=0,this.cbuf=new Uint8Array(100),this.bufs=[]}},kt=()=>new xt;var Ji=e=>{let t=e.cpos;for(let n=0;n<e.bufs.length;n++)t+=e.bufs[n].length;return t};var q=e=>{let t=new Uint8Array(Ji(e)),n=0;for(let r=0;r<e.bufs.length;r++){let s=e.bufs[r];t.set(s,n),n+=s.length}return t.
set(new Uint8Array(e.cbuf.buffer,0,e.cpos),n),t},Xi=(e,t)=>{let n=e.cbuf.length;n-e.cpos<t&&(e.bufs.push(new Uint8Array(
e.cbuf.buffer,0,e.cpos)),e.cbuf=new Uint8Array(it(n,t)*2),e.cpos=0)},D=(e,t)=>{let n=e.cbuf.length;e.cpos===n&&(e.bufs.push(
e.cbuf),e.cbuf=new Uint8Array(n*2),e.cpos=0),e.cbuf[e.cpos++]=t};var Bt=D;var g=(e,t)=>{for(;t>127;)D(e,128|127&t),t=B(t/128);D(e,127&t)},ge=(e,t)=>{let n=Je(t);for(n&&(t=-t),D(e,(t>63?128:0)|(n?
64:0)|63&t),t=B(t/64);t>0;)D(e,(t>127?128:0)|127&t),t=B(t/128)},$n=new Uint8Array(3e4),Pi=$n.length/3,Ki=(e,t)=>{if(t.length<
Pi){let n=Ot.encodeInto(t,$n).written||0;g(e,n);for(let r=0;r<n;r++)D(e,$n[r])}else $(e,Wr(t))},Yi=(e,t)=>{let n=unescape(
encodeURIComponent(t)),r=n.length;g(e,r);for(let s=0;s<r;s++)D(e,n.codePointAt(s))},lt=Ot&&Ot.encodeInto?Ki:Yi;var ns=(e,t)=>Mt(e,q(t)),Mt=(e,t)=>{let n=e.cbuf.length,r=e.cpos,s=He(n-r,t.length),i=t.length-s;e.cbuf.set(t.subarray(0,
s),r),e.cpos+=s,i>0&&(e.bufs.push(e.cbuf),e.cbuf=new Uint8Array(it(n*2,i)),e.cbuf.set(t.subarray(s)),e.cpos=i)},$=(e,t)=>{
g(e,t.byteLength),Mt(e,t)},Fn=(e,t)=>{Xi(e,t);let n=new DataView(e.cbuf.buffer,e.cpos,t);return e.cpos+=t,n},Wi=(e,t)=>Fn(
e,4).setFloat32(0,t,!1),Zi=(e,t)=>Fn(e,8).setFloat64(0,t,!1),Qi=(e,t)=>Fn(e,8).setBigInt64(0,t,!1);var Qr=new DataView(new ArrayBuffer(4)),to=e=>(Qr.setFloat32(0,e),Qr.getFloat32(0)===e),Nt=(e,t)=>{switch(typeof t){case"\
string":D(e,119),lt(e,t);break;case"number":Yr(t)&&yt(t)<=2147483647?(D(e,125),ge(e,t)):to(t)?(D(e,124),Wi(e,t)):(D(e,123),
Zi(e,t));break;case"bigint":D(e,122),Qi(e,t);break;case"object":if(t===null)D(e,126);else if(st(t)){D(e,117),g(e,t.length);
for(let n=0;n<t.length;n++)Nt(e,t[n])}else if(t instanceof Uint8Array)D(e,116),$(e,t);else{D(e,118);let n=Object.keys(t);
g(e,n.length);for(let r=0;r<n.length;r++){let s=n[r];lt(e,s),Nt(e,t[s])}}break;case"boolean":D(e,t?120:121);break;default:
D(e,127)}},pe=class extends xt{constructor(t){super(),this.w=t,this.s=null,this.count=0}write(t){this.s===t?this.count++:
(this.count>0&&g(this,this.count-1),this.count=1,this.w(this,t),this.s=t)}};var ts=e=>{e.count>0&&(ge(e.encoder,e.count===1?e.s:-e.s),e.count>1&&g(e.encoder,e.count-2))},bt=class{constructor(){this.
encoder=new xt,this.s=0,this.count=0}write(t){this.s===t?this.count++:(ts(this),this.count=1,this.s=t)}toUint8Array(){return ts(
this),q(this.encoder)}};var es=e=>{if(e.count>0){let t=e.diff*2+(e.count===1?0:1);ge(e.encoder,t),e.count>1&&g(e.encoder,e.count-2)}},Lt=class{constructor(){
this.encoder=new xt,this.s=0,this.count=0,this.diff=0}write(t){this.diff===t-this.s?(this.s=t,this.count++):(es(this),this.
count=1,this.diff=t-this.s,this.s=t)}toUint8Array(){return es(this),q(this.encoder)}},Pe=class{constructor(){this.sarr=[],
this.s="",this.lensE=new bt}write(t){this.s+=t,this.s.length>19&&(this.sarr.push(this.s),this.s=""),this.lensE.write(t.length)}toUint8Array(){
let t=new xt;return this.sarr.push(this.s),this.s="",lt(t,this.sarr.join("")),Mt(t,this.lensE.toUint8Array()),q(t)}};var G=e=>new Error(e),z=()=>{throw G("Method unimplemented")},T=()=>{throw G("Unexpected case")};var Ye=G("Unexpected end of array"),rs=G("Integer out of Range"),no=(e,t,n)=>{if(t<0||n<0||t+n>e.length)throw Ye;return new Uint8Array(
e.buffer,e.byteOffset+t,n)},ro=(e,t,n)=>{if(t<0||n<0||t+n>e.length)throw Ye;return new DataView(e.buffer,e.byteOffset+t,
n)},Rt=class{constructor(t){this.arr=t,this.pos=0}},v=e=>new Rt(e),qn=e=>e.pos!==e.arr.length;var so=(e,t)=>{let n=no(e.arr,e.pos,t);return e.pos+=t,n},F=e=>so(e,w(e));var St=e=>e.arr[e.pos++];var w=e=>{let t=0,n=1,r=e.arr.length;for(;e.pos<r;){let s=e.arr[e.pos++];if(t=t+(s&127)*n,n*=128,s<128)return t;if(t>Tt)
throw rs}throw Ye},we=e=>{let t=e.arr[e.pos++],n=t&63,r=64,s=(t&64)>0?-1:1;if((t&128)===0)return s*n;let i=e.arr.length;
for(;e.pos<i;){if(t=e.arr[e.pos++],n=n+(t&127)*r,r*=128,t<128)return s*n;if(n>Tt)throw rs}throw Ye};var io=e=>{let t=w(e);if(t===0)return"";{let n=String.fromCodePoint(St(e));if(--t<100)for(;t--;)n+=String.fromCodePoint(
St(e));else for(;t>0;){let r=t<1e4?t:1e4,s=e.arr.subarray(e.pos,e.pos+r);e.pos+=r,n+=String.fromCodePoint.apply(null,s),
t-=r}return decodeURIComponent(escape(n))}},oo=e=>vt.decode(F(e)),ht=vt?oo:io;var Gn=(e,t)=>{let n=ro(e.arr,e.pos,t);return e.pos+=t,n},co=e=>Gn(e,4).getFloat32(0,!1),lo=e=>Gn(e,8).getFloat64(0,!1),
ao=e=>Gn(e,8).getBigInt64(0,!1);var ho=[e=>{},e=>null,we,co,lo,ao,e=>!1,e=>!0,ht,e=>{let t=w(e),n={};for(let r=0;r<t;r++){let s=ht(e);n[s]=$t(e)}return n},
e=>{let t=w(e),n=[];for(let r=0;r<t;r++)n.push($t(e));return n},F],$t=e=>ho[127-St(e)](e),me=class extends Rt{constructor(t,n){
super(t),this.reader=n,this.s=null,this.count=0}read(){return this.count===0&&(this.s=this.reader(this),qn(this)?this.count=
w(this)+1:this.count=-1),this.count--,this.s}};var _t=class extends Rt{constructor(t){super(t),this.s=0,this.count=0}read(){if(this.count===0){this.s=we(this);let t=Je(
this.s);this.count=1,t&&(this.s=-this.s,this.count=w(this)+2)}return this.count--,this.s}};var Ft=class extends Rt{constructor(t){super(t),this.s=0,this.count=0,this.diff=0}read(){if(this.count===0){let t=we(this),
n=t&1;this.diff=B(t/2),this.count=1,n&&(this.count=w(this)+2)}return this.s+=this.diff,this.count--,this.s}},Ke=class{constructor(t){
this.decoder=new _t(t),this.str=ht(this.decoder),this.spos=0}read(){let t=this.spos+this.decoder.read(),n=this.str.slice(
this.spos,t);return this.spos=t,n}};var Il=crypto.subtle,ss=crypto.getRandomValues.bind(crypto);var zn=()=>ss(new Uint32Array(1))[0];var fo="10000000-1000-4000-8000"+-1e11,is=()=>fo.replace(/[018]/g,e=>(e^zn()&15>>e/4).toString(16));var We=Date.now;var Hn=e=>new Promise(e);var vl=Promise.all.bind(Promise);var Jn=e=>e===void 0?null:e;var Xn=class{constructor(){this.map=new Map}setItem(t,n){this.map.set(t,n)}getItem(t){return this.map.get(t)}},cs=new Xn,
wo=!0;try{typeof window<"u"&&typeof localStorage<"u"&&localStorage&&(cs=localStorage,wo=!1)}catch{}var ls=cs;var Et=Symbol("Equality"),Ze=(e,t)=>e===t||!!e?.[Et]?.(t)||!1;var as=e=>typeof e=="object",hs=Object.assign,xo=Object.keys;var us=(e,t)=>{for(let n in e)t(e[n],n)};var ye=e=>xo(e).length;var ds=e=>{for(let t in e)return!1;return!0},jt=(e,t)=>{for(let n in e)if(!t(e[n],n))return!1;return!0},xe=(e,t)=>Object.
prototype.hasOwnProperty.call(e,t),Kn=(e,t)=>e===t||ye(e)===ye(t)&&jt(e,(n,r)=>(n!==void 0||xe(t,r))&&Ze(t[r],n)),bo=Object.
freeze,Yn=e=>{for(let t in e){let n=e[t];(typeof n=="object"||typeof n=="function")&&Yn(e[t])}return bo(e)};var ke=(e,t,n=0)=>{try{for(;n<e.length;n++)e[n](...t)}finally{n<e.length&&ke(e,t,n+1)}};var Zn=e=>e;var be=(e,t)=>{if(e===t)return!0;if(e==null||t==null||e.constructor!==t.constructor&&(e.constructor||Object)!==(t.constructor||
Object))return!1;if(e[Et]!=null)return e[Et](t);switch(e.constructor){case ArrayBuffer:e=new Uint8Array(e),t=new Uint8Array(
t);case Uint8Array:{if(e.byteLength!==t.byteLength)return!1;for(let n=0;n<e.length;n++)if(e[n]!==t[n])return!1;break}case Set:{
if(e.size!==t.size)return!1;for(let n of e)if(!t.has(n))return!1;break}case Map:{if(e.size!==t.size)return!1;for(let n of e.
keys())if(!t.has(n)||!be(e.get(n),t.get(n)))return!1;break}case void 0:case Object:if(ye(e)!==ye(t))return!1;for(let n in e)
if(!xe(e,n)||!be(e[n],t[n]))return!1;break;case Array:if(e.length!==t.length)return!1;for(let n=0;n<e.length;n++)if(!be(
e[n],t[n]))return!1;break;default:return!1}return!0},fs=(e,t)=>t.includes(e);var Se=typeof process<"u"&&process.release&&/node|io\.js/.test(process.release.name)&&Object.prototype.toString.call(typeof process<
"u"?process:0)==="[object process]";var Ol=typeof navigator<"u"?/Mac/.test(navigator.platform):!1,W,ko=[],So=()=>{if(W===void 0)if(Se){W=A();let e=process.argv,
t=null;for(let n=0;n<e.length;n++){let r=e[n];r[0]==="-"?(t!==null&&W.set(t,""),t=r):t!==null?(W.set(t,r),t=null):ko.push(
r)}t!==null&&W.set(t,"")}else typeof location=="object"?(W=A(),(location.search||"?").slice(1).split("&").forEach(e=>{if(e.
length!==0){let[t,n]=e.split("=");W.set(`--${Rn(t,"-")}`,n),W.set(`-${Rn(t,"-")}`,n)}})):W=A();return W},tr=e=>So().has(
e);var _e=e=>Se?Jn(process.env[e.toUpperCase().replaceAll("-","_")]):Jn(ls.getItem(e));var ps=e=>tr("--"+e)||_e(e)!==null,gs=ps("production"),_o=Se&&fs(process.env.FORCE_COLOR,["true","1","2"]),ms=_o||!tr("-\
-no-colors")&&!ps("no-color")&&(!Se||process.stdout.isTTY)&&(!Se||tr("--color")||_e("COLORTERM")!==null||(_e("TERM")||"").
includes("color"));var Eo=e=>new Uint8Array(e);var ws=e=>{let t=Eo(e.byteLength);return t.set(e),t};var nr=class{constructor(t,n){this.left=t,this.right=n}},Z=(e,t)=>new nr(e,t);var rr=e=>e.next()>=.5,Qe=(e,t,n)=>B(e.next()*(n+1-t)+t);var sr=(e,t,n)=>B(e.next()*(n+1-t)+t);var ir=(e,t,n)=>sr(e,t,n);var Ao=e=>Mn(ir(e,97,122)),ys=(e,t=0,n=20)=>{let r=ir(e,t,n),s="";for(let i=0;i<r;i++)s+=Ao(e);return s};var tn=(e,t)=>t[ir(e,0,t.length-1)];var Do=Symbol("0schema"),or=class{constructor(){this._rerrs=[]}extend(t,n,r,s=null){this._rerrs.push({path:t,expected:n,
has:r,message:s})}toString(){let t=[];for(let n=this._rerrs.length-1;n>0;n--){let r=this._rerrs[n];t.push(Xe(" ",(this._rerrs.
length-n)*2)+`${r.path!=null?`[${r.path}] `:""}${r.has} doesn't match ${r.expected}. ${r.message}`)}return t.join(`
`)}},cr=(e,t)=>e===t?!0:e==null||t==null||e.constructor!==t.constructor?!1:e[Et]?Ze(e,t):st(e)?ze(e,n=>he(t,r=>cr(n,r))):
as(e)?jt(e,(n,r)=>cr(n,t[r])):!1,O=class{static _dilutes=!1;extends(t){let[n,r]=[this.shape,t.shape];return this.constructor.
_dilutes&&([r,n]=[n,r]),cr(n,r)}equals(t){return this.constructor===t.constructor&&be(this.shape,t.shape)}[Do](){return!0}[Et](t){
return this.equals(t)}validate(t){return this.check(t)}check(t,n){z()}get nullable(){return Jt(this,fn)}get optional(){return new en(
this)}cast(t){return xs(t,this),t}expect(t){return xs(t,this),t}},Ee=class extends O{constructor(t,n){super(),this.shape=
t,this._c=n}check(t,n=void 0){let r=t?.constructor===this.shape&&(this._c==null||this._c(t));return!r&&n?.extend(null,this.
shape.name,t?.constructor.name,t?.constructor!==this.shape?"Constructor match failed":"Check failed"),r}},E=(e,t=null)=>new Ee(
e,t),Nl=E(Ee),Ue=class extends O{constructor(t){super(),this.shape=t}check(t,n){let r=this.shape(t);return!r&&n?.extend(
null,"custom prop",t?.constructor.name,"failed to check custom prop"),r}},I=e=>new Ue(e),Ll=E(Ue),zt=class extends O{constructor(t){
super(),this.shape=t}check(t,n){let r=this.shape.some(s=>s===t);return!r&&n?.extend(null,this.shape.join(" | "),t.toString()),
r}},un=(...e)=>new zt(e),bs=E(zt),To=RegExp.escape||(e=>e.replace(/[().|&,$^[\]]/g,t=>"\\"+t)),ks=e=>{if(Ht.check(e))return[
To(e)];if(bs.check(e))return e.shape.map(t=>t+"");if(Cs.check(e))return["[+-]?\\d+.?\\d*"];if(As.check(e))return[".*"];if(an.
check(e))return e.shape.map(ks).flat(1);T()},lr=class extends O{constructor(t){super(),this.shape=t,this._r=new RegExp("\
^"+t.map(ks).map(n=>`(${n.join("|")})`).join("")+"$")}check(t,n){let r=this._r.exec(t)!=null;return!r&&n?.extend(null,this.
_r.toString(),t.toString(),"String doesn't match string template."),r}};var Bl=E(lr),vo=Symbol("optional"),en=class extends O{constructor(t){super(),this.shape=t}check(t,n){let r=t===void 0||this.
shape.check(t);return!r&&n?.extend(null,"undefined (optional)","()"),r}get[vo](){return!0}},Oo=E(en),nn=class extends O{check(t,n){
return n?.extend(null,"never",typeof t),!1}},Ml=new nn,Rl=E(nn),rn=class e extends O{constructor(t,n=!1){super(),this.shape=
t,this._isPartial=n}static _dilutes=!0;get partial(){return new e(this.shape,!0)}check(t,n){return t==null?(n?.extend(null,
"object","null"),!1):jt(this.shape,(r,s)=>{let i=this._isPartial&&!xe(t,s)||r.check(t[s],n);return!i&&n?.extend(s.toString(),
r.toString(),typeof t[s],"Object property does not match"),i})}},Vo=e=>new rn(e),No=E(rn),Lo=I(e=>e!=null&&(e.constructor===
Object||e.constructor==null)),sn=class extends O{constructor(t,n){super(),this.shape={keys:t,values:n}}check(t,n){return t!=
null&&jt(t,(r,s)=>{let i=this.shape.keys.check(s,n);return!i&&n?.extend(s+"","Record",typeof t,i?"Key doesn't match sche\
ma":"Value doesn't match value"),i&&this.shape.values.check(r,n)})}},Ss=(e,t)=>new sn(e,t),Bo=E(sn),on=class extends O{constructor(t){
super(),this.shape=t}check(t,n){return t!=null&&jt(this.shape,(r,s)=>{let i=r.check(t[s],n);return!i&&n?.extend(s.toString(),
"Tuple",typeof r),i})}},Mo=(...e)=>new on(e),$l=E(on),cn=class extends O{constructor(t){super(),this.shape=t.length===1?
t[0]:new Ce(t)}check(t,n){let r=st(t)&&ze(t,s=>this.shape.check(s));return!r&&n?.extend(null,"Array",""),r}},_s=(...e)=>new cn(
e),Ro=E(cn),$o=I(e=>st(e)),ln=class extends O{constructor(t,n){super(),this.shape=t,this._c=n}check(t,n){let r=t instanceof
this.shape&&(this._c==null||this._c(t));return!r&&n?.extend(null,this.shape.name,t?.constructor.name),r}},Fo=(e,t=null)=>new ln(
e,t),Fl=E(ln),jo=Fo(O),ar=class extends O{constructor(t){super(),this.len=t.length-1,this.args=Mo(...t.slice(-1)),this.res=
t[this.len]}check(t,n){let r=t.constructor===Function&&t.length<=this.len;return!r&&n?.extend(null,"function",typeof t),
r}};var qo=E(ar),Go=I(e=>typeof e=="function"),hr=class extends O{constructor(t){super(),this.shape=t}check(t,n){let r=ze(this.
shape,s=>s.check(t,n));return!r&&n?.extend(null,"Intersectinon",typeof t),r}};var jl=E(hr,e=>e.shape.length>0),Ce=class extends O{static _dilutes=!0;constructor(t){super(),this.shape=t}check(t,n){let r=he(
this.shape,s=>s.check(t,n));return n?.extend(null,"Union",typeof t),r}},Jt=(...e)=>e.findIndex(t=>an.check(t))>=0?Jt(...e.
map(t=>Ae(t)).map(t=>an.check(t)?t.shape:[t]).flat(1)):e.length===1?e[0]:new Ce(e),an=E(Ce),Es=()=>!0,hn=I(Es),zo=E(Ue,e=>e.
shape===Es),dr=I(e=>typeof e=="bigint"),Ho=I(e=>e===dr),Us=I(e=>typeof e=="symbol"),ql=I(e=>e===Us),Gt=I(e=>typeof e=="n\
umber"),Cs=I(e=>e===Gt),Ht=I(e=>typeof e=="string"),As=I(e=>e===Ht),dn=I(e=>typeof e=="boolean"),Jo=I(e=>e===dn),Is=un(void 0),
Gl=E(zt,e=>e.shape.length===1&&e.shape[0]===void 0),zl=un(void 0);var fn=un(null),Xo=E(zt,e=>e.shape.length===1&&e.shape[0]===null),Hl=E(Uint8Array),Jl=E(Ee,e=>e.shape===Uint8Array),Po=Jt(
Gt,Ht,fn,Is,dr,dn,Us),Xl=(()=>{let e=_s(hn),t=Ss(Ht,hn),n=Jt(Gt,Ht,fn,dn,e,t);return e.shape=n,t.shape.values=n,n})(),Ae=e=>{
if(jo.check(e))return e;if(Lo.check(e)){let t={};for(let n in e)t[n]=Ae(e[n]);return Vo(t)}else{if($o.check(e))return Jt(
...e.map(Ae));if(Po.check(e))return un(e);if(Go.check(e))return E(e)}T()},xs=gs?()=>{}:(e,t)=>{let n=new or;if(!t.check(
e,n))throw G(`Expected value to be of type ${t.constructor.name}.
${n.toString()}`)},ur=class{constructor(t){this.patterns=[],this.$state=t}if(t,n){return this.patterns.push({if:Ae(t),h:n}),
this}else(t){return this.if(hn,t)}done(){return(t,n)=>{for(let r=0;r<this.patterns.length;r++){let s=this.patterns[r];if(s.
if.check(t))return s.h(t,n)}throw G("Unhandled pattern")}}},Ko=e=>new ur(e),Ds=Ko(hn).if(Cs,(e,t)=>Qe(t,Ln,Tt)).if(As,(e,t)=>ys(
t)).if(Jo,(e,t)=>rr(t)).if(Ho,(e,t)=>BigInt(Qe(t,Ln,Tt))).if(an,(e,t)=>qt(t,tn(t,e.shape))).if(No,(e,t)=>{let n={};for(let r in e.
shape){let s=e.shape[r];if(Oo.check(s)){if(rr(t))continue;s=s.shape}n[r]=Ds(s,t)}return n}).if(Ro,(e,t)=>{let n=[],r=sr(
t,0,42);for(let s=0;s<r;s++)n.push(qt(t,e.shape));return n}).if(bs,(e,t)=>tn(t,e.shape)).if(Xo,(e,t)=>null).if(qo,(e,t)=>{
let n=qt(t,e.res);return()=>n}).if(zo,(e,t)=>qt(t,tn(t,[Gt,Ht,fn,Is,dr,dn,_s(Gt),Ss(Jt("a","b","c"),Gt)]))).if(Bo,(e,t)=>{
let n={},r=Qe(t,0,3);for(let s=0;s<r;s++){let i=qt(t,e.shape.keys),o=qt(t,e.shape.values);n[i]=o}return n}).done(),qt=(e,t)=>Ds(
Ae(t),e);var Ut=typeof document<"u"?document:{};var Pl=I(e=>e.nodeType===tc);var Kl=typeof DOMParser<"u"?new DOMParser:null;var Yl=I(e=>e.nodeType===Wo);var Wl=I(e=>e.nodeType===Zo);var Ts=e=>Jr(e,(t,n)=>`${n}:${t};`).join("");var Wo=Ut.ELEMENT_NODE,Zo=Ut.TEXT_NODE,Zl=Ut.CDATA_SECTION_NODE,Ql=Ut.COMMENT_NODE,Qo=Ut.DOCUMENT_NODE,ta=Ut.DOCUMENT_TYPE_NODE,
tc=Ut.DOCUMENT_FRAGMENT_NODE,ea=I(e=>e.nodeType===Qo);var Q=Symbol;var Ie=Q(),De=Q(),fr=Q(),pr=Q(),gr=Q(),Te=Q(),mr=Q(),Xt=Q(),wr=Q(),vs=e=>{e.length===1&&e[0]?.constructor===Function&&(e=
e[0]());let t=[],n=[],r=0;for(;r<e.length;r++){let s=e[r];if(s===void 0)break;if(s.constructor===String||s.constructor===
Number)t.push(s);else if(s.constructor===Object)break}for(r>0&&n.push(t.join(""));r<e.length;r++){let s=e[r];s instanceof
Symbol||n.push(s)}return n};var na=We();var sc={[Ie]:Z("font-weight","bold"),[De]:Z("font-weight","normal"),[fr]:Z("color","blue"),[gr]:Z("color","green"),[pr]:Z(
"color","grey"),[Te]:Z("color","red"),[mr]:Z("color","purple"),[Xt]:Z("color","orange"),[wr]:Z("color","black")},ic=e=>{
e.length===1&&e[0]?.constructor===Function&&(e=e[0]());let t=[],n=[],r=A(),s=[],i=0;for(;i<e.length;i++){let o=e[i],c=sc[o];
if(c!==void 0)r.set(c.left,c.right);else{if(o===void 0)break;if(o.constructor===String||o.constructor===Number){let l=Ts(
r);i>0||l.length>0?(t.push("%c"+o),n.push(l)):t.push(o)}else break}}for(i>0&&(s=n,s.unshift(t.join("")));i<e.length;i++){
let o=e[i];o instanceof Symbol||s.push(o)}return s},Os=ms?ic:vs,pn=(...e)=>{console.log(...Os(e)),Vs.forEach(t=>t.print(
e))},yr=(...e)=>{console.warn(...Os(e)),e.unshift(Xt),Vs.forEach(t=>t.print(e))};var Vs=rt();var Ns=e=>({[Symbol.iterator](){return this},next:e}),Ls=(e,t)=>Ns(()=>{let n;do n=e.next();while(!n.done&&!t(n.value));
return n}),gn=(e,t)=>Ns(()=>{let{done:n,value:r}=e.next();return{done:n,value:n?void 0:t(r)}});var Rs=class extends Dt{constructor(t,n){super(),this.doc=t,this.awareness=n}},Yt=class{constructor(t,n){this.clock=t,this.
len=n}},gt=class{constructor(){this.clients=new Map}},Wt=(e,t,n)=>t.clients.forEach((r,s)=>{let i=e.doc.store.clients.get(
s);if(i!=null){let o=i[i.length-1],c=o.id.clock+o.length;for(let l=0,h=r[l];l<r.length&&h.clock<c;h=r[++l])di(e,i,h.clock,
h.len,n)}}),hc=(e,t)=>{let n=0,r=e.length-1;for(;n<=r;){let s=B((n+r)/2),i=e[s],o=i.clock;if(o<=t){if(t<o+i.len)return s;
n=s+1}else r=s-1}return null},ce=(e,t)=>{let n=e.clients.get(t.client);return n!==void 0&&hc(n,t.clock)!==null},Nr=e=>{e.
clients.forEach(t=>{t.sort((s,i)=>s.clock-i.clock);let n,r;for(n=1,r=1;n<t.length;n++){let s=t[r-1],i=t[n];s.clock+s.len>=
i.clock?t[r-1]=new Yt(s.clock,it(s.len,i.clock+i.len-s.clock)):(r<n&&(t[r]=i),r++)}t.length=r})},Zt=e=>{let t=new gt;for(let n=0;n<
e.length;n++)e[n].clients.forEach((r,s)=>{if(!t.clients.has(s)){let i=r.slice();for(let o=n+1;o<e.length;o++)Pr(i,e[o].clients.
get(s)||[]);t.clients.set(s,i)}});return Nr(t),t},Oe=(e,t,n,r)=>{L(e.clients,t,()=>[]).push(new Yt(n,r))},Lr=()=>new gt,
ri=e=>{let t=Lr();return e.clients.forEach((n,r)=>{let s=[];for(let i=0;i<n.length;i++){let o=n[i];if(o.deleted){let c=o.
id.clock,l=o.length;if(i+1<n.length)for(let h=n[i+1];i+1<n.length&&h.deleted;h=n[++i+1])l+=h.length;s.push(new Yt(c,l))}}
s.length>0&&t.clients.set(r,s)}),t},tt=(e,t)=>{g(e.restEncoder,t.clients.size),Y(t.clients.entries()).sort((n,r)=>r[0]-n[0]).
forEach(([n,r])=>{e.resetDsCurVal(),g(e.restEncoder,n);let s=r.length;g(e.restEncoder,s);for(let i=0;i<s;i++){let o=r[i];
e.writeDsClock(o.clock),e.writeDsLen(o.len)}})},ot=e=>{let t=new gt,n=w(e.restDecoder);for(let r=0;r<n;r++){e.resetDsCurVal();
let s=w(e.restDecoder),i=w(e.restDecoder);if(i>0){let o=L(t.clients,s,()=>[]);for(let c=0;c<i;c++)o.push(new Yt(e.readDsClock(),
e.readDsLen()))}}return t},$s=(e,t,n)=>{let r=new gt,s=w(e.restDecoder);for(let i=0;i<s;i++){e.resetDsCurVal();let o=w(e.
restDecoder),c=w(e.restDecoder),l=n.clients.get(o)||[],h=_(n,o);for(let a=0;a<c;a++){let u=e.readDsClock(),d=u+e.readDsLen();
if(u<h){h<d&&Oe(r,o,h,d-h);let f=P(l,u),p=l[f];for(!p.deleted&&p.id.clock<u&&(l.splice(f+1,0,Tn(t,p,u-p.id.clock)),f++);f<
l.length&&(p=l[f++],p.id.clock<d);)p.deleted||(d<p.id.clock+p.length&&l.splice(f,0,Tn(t,p,d-p.id.clock)),p.delete(t))}else
Oe(r,o,u,d-u)}}if(r.clients.size>0){let i=new X;return g(i.restEncoder,0),tt(i,r),i.toUint8Array()}return null},uc=(e,t)=>{
if(e.clients.size!==t.clients.size)return!1;for(let[n,r]of e.clients.entries()){let s=t.clients.get(n);if(s===void 0||r.
length!==s.length)return!1;for(let i=0;i<r.length;i++){let o=r[i],c=s[i];if(o.clock!==c.clock||o.len!==c.len)return!1}}return!0},
si=zn,Ct=class e extends Dt{constructor({guid:t=is(),collectionid:n=null,gc:r=!0,gcFilter:s=()=>!0,meta:i=null,autoLoad:o=!1,
shouldLoad:c=!0}={}){super(),this.gc=r,this.gcFilter=s,this.clientID=si(),this.guid=t,this.collectionid=n,this.share=new Map,
this.store=new En,this._transaction=null,this._transactionCleanups=[],this.subdocs=new Set,this._item=null,this.shouldLoad=
c,this.autoLoad=o,this.meta=i,this.isLoaded=!1,this.isSynced=!1,this.isDestroyed=!1,this.whenLoaded=Hn(h=>{this.on("load",
()=>{this.isLoaded=!0,h(this)})});let l=()=>Hn(h=>{let a=u=>{(u===void 0||u===!0)&&(this.off("sync",a),h())};this.on("sy\
nc",a)});this.on("sync",h=>{h===!1&&this.isSynced&&(this.whenSynced=l()),this.isSynced=h===void 0||h===!0,this.isSynced&&
!this.isLoaded&&this.emit("load",[this])}),this.whenSynced=l()}load(){let t=this._item;t!==null&&!this.shouldLoad&&x(t.parent.
doc,n=>{n.subdocsLoaded.add(this)},null,!0),this.shouldLoad=!0}getSubdocs(){return this.subdocs}getSubdocGuids(){return new Set(
Y(this.subdocs).map(t=>t.guid))}transact(t,n=null){return x(this,t,n)}get(t,n=U){let r=L(this.share,t,()=>{let i=new n;return i.
_integrate(this,null),i}),s=r.constructor;if(n!==U&&s!==n)if(s===U){let i=new n;i._map=r._map,r._map.forEach(o=>{for(;o!==
null;o=o.left)o.parent=i}),i._start=r._start;for(let o=i._start;o!==null;o=o.right)o.parent=i;return i._length=r._length,
this.share.set(t,i),i._integrate(this,null),i}else throw new Error(`Type with the name ${t} has already been defined wit\
h a different constructor`);return r}getArray(t=""){return this.get(t,ee)}getText(t=""){return this.get(t,Re)}getMap(t=""){
return this.get(t,ne)}getXmlElement(t=""){return this.get(t,se)}getXmlFragment(t=""){return this.get(t,re)}toJSON(){let t={};
return this.share.forEach((n,r)=>{t[r]=n.toJSON()}),t}destroy(){this.isDestroyed=!0,Y(this.subdocs).forEach(n=>n.destroy());
let t=this._item;if(t!==null){this._item=null;let n=t.content;n.doc=new e({guid:this.guid,...n.opts,shouldLoad:!1}),n.doc.
_item=t,x(t.parent.doc,r=>{let s=n.doc;t.deleted||r.subdocsAdded.add(s),r.subdocsRemoved.add(this)},null,!0)}this.emit("\
destroyed",[!0]),this.emit("destroy",[this]),super.destroy()}},At=class{constructor(t){this.restDecoder=t}resetDsCurVal(){}readDsClock(){
return w(this.restDecoder)}readDsLen(){return w(this.restDecoder)}},H=class extends At{readLeftID(){return m(w(this.restDecoder),
w(this.restDecoder))}readRightID(){return m(w(this.restDecoder),w(this.restDecoder))}readClient(){return w(this.restDecoder)}readInfo(){
return St(this.restDecoder)}readString(){return ht(this.restDecoder)}readParentInfo(){return w(this.restDecoder)===1}readTypeRef(){
return w(this.restDecoder)}readLen(){return w(this.restDecoder)}readAny(){return $t(this.restDecoder)}readBuf(){return ws(
F(this.restDecoder))}readJSON(){return JSON.parse(ht(this.restDecoder))}readKey(){return ht(this.restDecoder)}},kn=class{constructor(t){
this.dsCurrVal=0,this.restDecoder=t}resetDsCurVal(){this.dsCurrVal=0}readDsClock(){return this.dsCurrVal+=w(this.restDecoder),
this.dsCurrVal}readDsLen(){let t=w(this.restDecoder)+1;return this.dsCurrVal+=t,t}},j=class extends kn{constructor(t){super(
t),this.keys=[],w(t),this.keyClockDecoder=new Ft(F(t)),this.clientDecoder=new _t(F(t)),this.leftClockDecoder=new Ft(F(t)),
this.rightClockDecoder=new Ft(F(t)),this.infoDecoder=new me(F(t),St),this.stringDecoder=new Ke(F(t)),this.parentInfoDecoder=
new me(F(t),St),this.typeRefDecoder=new _t(F(t)),this.lenDecoder=new _t(F(t))}readLeftID(){return new pt(this.clientDecoder.
read(),this.leftClockDecoder.read())}readRightID(){return new pt(this.clientDecoder.read(),this.rightClockDecoder.read())}readClient(){
return this.clientDecoder.read()}readInfo(){return this.infoDecoder.read()}readString(){return this.stringDecoder.read()}readParentInfo(){
return this.parentInfoDecoder.read()===1}readTypeRef(){return this.typeRefDecoder.read()}readLen(){return this.lenDecoder.
read()}readAny(){return $t(this.restDecoder)}readBuf(){return F(this.restDecoder)}readJSON(){return $t(this.restDecoder)}readKey(){
let t=this.keyClockDecoder.read();if(t<this.keys.length)return this.keys[t];{let n=this.stringDecoder.read();return this.
keys.push(n),n}}},mt=class{constructor(){this.restEncoder=kt()}toUint8Array(){return q(this.restEncoder)}resetDsCurVal(){}writeDsClock(t){
g(this.restEncoder,t)}writeDsLen(t){g(this.restEncoder,t)}},ct=class extends mt{writeLeftID(t){g(this.restEncoder,t.client),
g(this.restEncoder,t.clock)}writeRightID(t){g(this.restEncoder,t.client),g(this.restEncoder,t.clock)}writeClient(t){g(this.
restEncoder,t)}writeInfo(t){Bt(this.restEncoder,t)}writeString(t){lt(this.restEncoder,t)}writeParentInfo(t){g(this.restEncoder,
t?1:0)}writeTypeRef(t){g(this.restEncoder,t)}writeLen(t){g(this.restEncoder,t)}writeAny(t){Nt(this.restEncoder,t)}writeBuf(t){
$(this.restEncoder,t)}writeJSON(t){lt(this.restEncoder,JSON.stringify(t))}writeKey(t){lt(this.restEncoder,t)}},Qt=class{constructor(){
this.restEncoder=kt(),this.dsCurrVal=0}toUint8Array(){return q(this.restEncoder)}resetDsCurVal(){this.dsCurrVal=0}writeDsClock(t){
let n=t-this.dsCurrVal;this.dsCurrVal=t,g(this.restEncoder,n)}writeDsLen(t){t===0&&T(),g(this.restEncoder,t-1),this.dsCurrVal+=
t}},X=class extends Qt{constructor(){super(),this.keyMap=new Map,this.keyClock=0,this.keyClockEncoder=new Lt,this.clientEncoder=
new bt,this.leftClockEncoder=new Lt,this.rightClockEncoder=new Lt,this.infoEncoder=new pe(Bt),this.stringEncoder=new Pe,
this.parentInfoEncoder=new pe(Bt),this.typeRefEncoder=new bt,this.lenEncoder=new bt}toUint8Array(){let t=kt();return g(t,
0),$(t,this.keyClockEncoder.toUint8Array()),$(t,this.clientEncoder.toUint8Array()),$(t,this.leftClockEncoder.toUint8Array()),
$(t,this.rightClockEncoder.toUint8Array()),$(t,q(this.infoEncoder)),$(t,this.stringEncoder.toUint8Array()),$(t,q(this.parentInfoEncoder)),
$(t,this.typeRefEncoder.toUint8Array()),$(t,this.lenEncoder.toUint8Array()),Mt(t,q(this.restEncoder)),q(t)}writeLeftID(t){
this.clientEncoder.write(t.client),this.leftClockEncoder.write(t.clock)}writeRightID(t){this.clientEncoder.write(t.client),
this.rightClockEncoder.write(t.clock)}writeClient(t){this.clientEncoder.write(t)}writeInfo(t){this.infoEncoder.write(t)}writeString(t){
this.stringEncoder.write(t)}writeParentInfo(t){this.parentInfoEncoder.write(t?1:0)}writeTypeRef(t){this.typeRefEncoder.write(
t)}writeLen(t){this.lenEncoder.write(t)}writeAny(t){Nt(this.restEncoder,t)}writeBuf(t){$(this.restEncoder,t)}writeJSON(t){
Nt(this.restEncoder,t)}writeKey(t){let n=this.keyMap.get(t);n===void 0?(this.keyClockEncoder.write(this.keyClock++),this.
stringEncoder.write(t)):this.keyClockEncoder.write(n)}},dc=(e,t,n,r)=>{r=it(r,t[0].id.clock);let s=P(t,r);g(e.restEncoder,
t.length-s),e.writeClient(n),g(e.restEncoder,r);let i=t[s];i.write(e,r-i.id.clock);for(let o=s+1;o<t.length;o++)t[o].write(
e,0)},Br=(e,t,n)=>{let r=new Map;n.forEach((s,i)=>{_(t,i)>s&&r.set(i,s)}),je(t).forEach((s,i)=>{n.has(i)||r.set(i,0)}),g(
e.restEncoder,r.size),Y(r.entries()).sort((s,i)=>i[0]-s[0]).forEach(([s,i])=>{dc(e,t.clients.get(s),s,i)})},fc=(e,t)=>{let n=A(),
r=w(e.restDecoder);for(let s=0;s<r;s++){let i=w(e.restDecoder),o=new Array(i),c=e.readClient(),l=w(e.restDecoder);n.set(
c,{i:0,refs:o});for(let h=0;h<i;h++){let a=e.readInfo();switch(31&a){case 0:{let u=e.readLen();o[h]=new R(m(c,l),u),l+=u;
break}case 10:{let u=w(e.restDecoder);o[h]=new N(m(c,l),u),l+=u;break}default:{let u=(a&192)===0,d=new b(m(c,l),null,(a&
128)===128?e.readLeftID():null,null,(a&64)===64?e.readRightID():null,u?e.readParentInfo()?t.get(e.readString()):e.readLeftID():
null,u&&(a&32)===32?e.readString():null,Bi(e,a));o[h]=d,l+=d.length}}}}return n},pc=(e,t,n)=>{let r=[],s=Y(n.keys()).sort(
(f,p)=>f-p);if(s.length===0)return null;let i=()=>{if(s.length===0)return null;let f=n.get(s[s.length-1]);for(;f.refs.length===
f.i;)if(s.pop(),s.length>0)f=n.get(s[s.length-1]);else return null;return f},o=i();if(o===null)return null;let c=new En,
l=new Map,h=(f,p)=>{let y=l.get(f);(y==null||y>p)&&l.set(f,p)},a=o.refs[o.i++],u=new Map,d=()=>{for(let f of r){let p=f.
id.client,y=n.get(p);y?(y.i--,c.clients.set(p,y.refs.slice(y.i)),n.delete(p),y.i=0,y.refs=[]):c.clients.set(p,[f]),s=s.filter(
k=>k!==p)}r.length=0};for(;;){if(a.constructor!==N){let p=L(u,a.id.client,()=>_(t,a.id.client))-a.id.clock;if(p<0)r.push(
a),h(a.id.client,a.id.clock-1),d();else{let y=a.getMissing(e,t);if(y!==null){r.push(a);let k=n.get(y)||{refs:[],i:0};if(k.
refs.length===k.i)h(y,_(t,y)),d();else{a=k.refs[k.i++];continue}}else(p===0||p<a.length)&&(a.integrate(e,p),u.set(a.id.client,
a.id.clock+a.length))}}if(r.length>0)a=r.pop();else if(o!==null&&o.i<o.refs.length)a=o.refs[o.i++];else{if(o=i(),o===null)
break;a=o.refs[o.i++]}}if(c.clients.size>0){let f=new X;return Br(f,c,new Map),g(f.restEncoder,0),{missing:l,update:f.toUint8Array()}}
return null},gc=(e,t)=>Br(e,t.doc.store,t.beforeState),ii=(e,t,n,r=new j(e))=>x(t,s=>{s.local=!1;let i=!1,o=s.doc,c=o.store,
l=fc(r,o),h=pc(s,c,l),a=c.pendingStructs;if(a){for(let[d,f]of a.missing)if(f<_(c,d)){i=!0;break}if(h){for(let[d,f]of h.missing){
let p=a.missing.get(d);(p==null||p>f)&&a.missing.set(d,f)}a.update=Un([a.update,h.update])}}else c.pendingStructs=h;let u=$s(
r,s,c);if(c.pendingDs){let d=new j(v(c.pendingDs));w(d.restDecoder);let f=$s(d,s,c);u&&f?c.pendingDs=Un([u,f]):c.pendingDs=
u||f}else c.pendingDs=u;if(i){let d=c.pendingStructs.update;c.pendingStructs=null,Mr(s.doc,d)}},n,!1),da=(e,t,n)=>ii(e,t,
n,new H(e)),Mr=(e,t,n,r=j)=>{let s=v(t);ii(s,e,n,new r(s))},fa=(e,t,n)=>Mr(e,t,n,H),mc=(e,t,n=new Map)=>{Br(e,t.store,n),
tt(e,ri(t.store))},wc=(e,t=new Uint8Array([0]),n=new X)=>{let r=ci(t);mc(n,e,r);let s=[n.toUint8Array()];if(e.store.pendingDs&&
s.push(e.store.pendingDs),e.store.pendingStructs&&s.push(mi(e.store.pendingStructs.update,t)),s.length>1){if(n.constructor===
ct)return Oc(s.map((i,o)=>o===0?i:Bc(i)));if(n.constructor===X)return Un(s)}return s[0]},pa=(e,t)=>wc(e,t,new ct),oi=e=>{
let t=new Map,n=w(e.restDecoder);for(let r=0;r<n;r++){let s=w(e.restDecoder),i=w(e.restDecoder);t.set(s,i)}return t},ci=e=>oi(
new At(v(e))),Rr=(e,t)=>(g(e.restEncoder,t.size),Y(t.entries()).sort((n,r)=>r[0]-n[0]).forEach(([n,r])=>{g(e.restEncoder,
n),g(e.restEncoder,r)}),e),yc=(e,t)=>Rr(e,je(t.store)),xc=(e,t=new Qt)=>(e instanceof Map?Rr(t,e):yc(t,e),t.toUint8Array()),
ga=e=>xc(e,new mt),br=class{constructor(){this.l=[]}},Fs=()=>new br,js=(e,t)=>e.l.push(t),qs=(e,t)=>{let n=e.l,r=n.length;
e.l=n.filter(s=>t!==s),r===e.l.length&&console.error("[yjs] Tried to remove event handler that doesn't exist.")},li=(e,t,n)=>ke(
e.l,[t,n]),pt=class{constructor(t,n){this.client=t,this.clock=n}},Pt=(e,t)=>e===t||e!==null&&t!==null&&e.client===t.client&&
e.clock===t.clock,m=(e,t)=>new pt(e,t),Gs=(e,t)=>{g(e,t.client),g(e,t.clock)},zs=e=>m(w(e),w(e)),ai=e=>{for(let[t,n]of e.
doc.share.entries())if(n===e)return t;throw T()},Sn=(e,t)=>{for(;t!==null;){if(t.parent===e)return!0;t=t.parent._item}return!1},
ma=e=>{let t=[],n=e._start;for(;n;)t.push(n),n=n.right;console.log("Children: ",t),console.log("Children content: ",t.filter(
r=>!r.deleted).map(r=>r.content))},Hs=class{constructor(t,n=t.getMap("users")){let r=new Map;this.yusers=n,this.doc=t,this.
clients=new Map,this.dss=r;let s=(i,o)=>{let c=i.get("ds"),l=i.get("ids"),h=a=>this.clients.set(a,o);c.observe(a=>{a.changes.
added.forEach(u=>{u.content.getContent().forEach(d=>{d instanceof Uint8Array&&this.dss.set(o,Zt([this.dss.get(o)||Lr(),ot(
new At(v(d)))]))})})}),this.dss.set(o,Zt(c.map(a=>ot(new At(v(a)))))),l.observe(a=>a.changes.added.forEach(u=>u.content.
getContent().forEach(h))),l.forEach(h)};n.observe(i=>{i.keysChanged.forEach(o=>s(n.get(o),o))}),n.forEach(s)}setUserMapping(t,n,r,{
filter:s=()=>!0}={}){let i=this.yusers,o=i.get(r);o||(o=new ne,o.set("ids",new ee),o.set("ds",new ee),i.set(r,o)),o.get(
"ids").push([n]),i.observe(c=>{setTimeout(()=>{let l=i.get(r);if(l!==o){o=l,this.clients.forEach((u,d)=>{r===u&&o.get("i\
ds").push([d])});let h=new mt,a=this.dss.get(r);a&&(tt(h,a),o.get("ds").push([h.toUint8Array()]))}},0)}),t.on("afterTran\
saction",c=>{setTimeout(()=>{let l=o.get("ds"),h=c.deleteSet;if(c.local&&h.clients.size>0&&s(c,h)){let a=new mt;tt(a,h),
l.push([a.toUint8Array()])}})})}getUserByClientId(t){return this.clients.get(t)||null}getUserByDeletedId(t){for(let[n,r]of this.
dss.entries())if(ce(r,t))return n;return null}},Ve=class{constructor(t,n,r,s=0){this.type=t,this.tname=n,this.item=r,this.
assoc=s}},wa=e=>{let t={};return e.type&&(t.type=e.type),e.tname&&(t.tname=e.tname),e.item&&(t.item=e.item),e.assoc!=null&&
(t.assoc=e.assoc),t},ya=e=>new Ve(e.type==null?null:m(e.type.client,e.type.clock),e.tname??null,e.item==null?null:m(e.item.
client,e.item.clock),e.assoc==null?0:e.assoc),kr=class{constructor(t,n,r=0){this.type=t,this.index=n,this.assoc=r}},bc=(e,t,n=0)=>new kr(
e,t,n),mn=(e,t,n)=>{let r=null,s=null;return e._item===null?s=ai(e):r=m(e._item.id.client,e._item.id.clock),new Ve(r,s,t,
n)},xa=(e,t,n=0)=>{let r=e._start;if(n<0){if(t===0)return mn(e,null,n);t--}for(;r!==null;){if(!r.deleted&&r.countable){if(r.
length>t)return mn(e,m(r.id.client,r.id.clock+t),n);t-=r.length}if(r.right===null&&n<0)return mn(e,r.lastId,n);r=r.right}
return mn(e,null,n)},kc=(e,t)=>{let{type:n,tname:r,item:s,assoc:i}=t;if(s!==null)g(e,0),Gs(e,s);else if(r!==null)Bt(e,1),
lt(e,r);else if(n!==null)Bt(e,2),Gs(e,n);else throw T();return ge(e,i),e},ba=e=>{let t=kt();return kc(t,e),q(t)},Sc=e=>{
let t=null,n=null,r=null;switch(w(e)){case 0:r=zs(e);break;case 1:n=ht(e);break;case 2:t=zs(e)}let s=qn(e)?we(e):0;return new Ve(
t,n,r,s)},ka=e=>Sc(v(e)),_c=(e,t)=>{let n=Kt(e,t),r=t.clock-n.id.clock;return{item:n,diff:r}},Sa=(e,t,n=!0)=>{let r=t.store,
s=e.item,i=e.type,o=e.tname,c=e.assoc,l=null,h=0;if(s!==null){if(_(r,s.client)<=s.clock)return null;let a=n?Or(r,s):_c(r,
s),u=a.item;if(!(u instanceof b))return null;if(l=u.parent,l._item===null||!l._item.deleted){h=u.deleted||!u.countable?0:
a.diff+(c>=0?0:1);let d=u.left;for(;d!==null;)!d.deleted&&d.countable&&(h+=d.length),d=d.left}}else{if(o!==null)l=t.get(
o);else if(i!==null){if(_(r,i.client)<=i.clock)return null;let{item:a}=n?Or(r,i):{item:Kt(r,i)};if(a instanceof b&&a.content instanceof
K)l=a.content.type;else return null}else throw T();c>=0?h=l._length:h=0}return bc(l,h,e.assoc)},_a=(e,t)=>e===t||e!==null&&
t!==null&&e.tname===t.tname&&Pt(e.item,t.item)&&Pt(e.type,t.type)&&e.assoc===t.assoc,_n=class{constructor(t,n){this.ds=t,
this.sv=n}},Ea=(e,t)=>{let n=e.ds.clients,r=t.ds.clients,s=e.sv,i=t.sv;if(s.size!==i.size||n.size!==r.size)return!1;for(let[
o,c]of s.entries())if(i.get(o)!==c)return!1;for(let[o,c]of n.entries()){let l=r.get(o)||[];if(c.length!==l.length)return!1;
for(let h=0;h<c.length;h++){let a=c[h],u=l[h];if(a.clock!==u.clock||a.len!==u.len)return!1}}return!0},Ec=(e,t=new Qt)=>(tt(
t,e.ds),Rr(t,e.sv),t.toUint8Array()),Ua=e=>Ec(e,new mt),Uc=(e,t=new kn(v(e)))=>new _n(ot(t),oi(t)),Ca=e=>Uc(e,new At(v(e))),
hi=(e,t)=>new _n(e,t),Aa=hi(Lr(),new Map),Ia=e=>hi(ri(e.store),je(e.store)),ut=(e,t)=>t===void 0?!e.deleted:t.sv.has(e.id.
client)&&(t.sv.get(e.id.client)||0)>e.id.clock&&!ce(t.ds,e.id),Sr=(e,t)=>{let n=L(e.meta,Sr,rt),r=e.doc.store;n.has(t)||
(t.sv.forEach((s,i)=>{s<_(r,i)&&M(e,m(i,s))}),Wt(e,t.ds,s=>{}),n.add(t))},Da=(e,t,n=new Ct)=>{if(e.gc)throw new Error("G\
arbage-collection must be disabled in `originDoc`!");let{sv:r,ds:s}=t,i=new X;return e.transact(o=>{let c=0;r.forEach(l=>{
l>0&&c++}),g(i.restEncoder,c);for(let[l,h]of r){if(h===0)continue;h<_(e.store,l)&&M(o,m(l,h));let a=e.store.clients.get(
l)||[],u=P(a,h-1);g(i.restEncoder,u+1),i.writeClient(l),g(i.restEncoder,0);for(let d=0;d<=u;d++)a[d].write(i,0)}tt(i,s)}),
Mr(n,i.toUint8Array(),"snapshot"),n},Cc=(e,t,n=j)=>{let r=new n(v(t)),s=new et(r,!1);for(let o=s.curr;o!==null;o=s.next())
if((e.sv.get(o.id.client)||0)<o.id.clock+o.length)return!1;let i=Zt([e.ds,ot(r)]);return uc(e.ds,i)},Ta=(e,t)=>Cc(e,t,H),
En=class{constructor(){this.clients=new Map,this.pendingStructs=null,this.pendingDs=null}},je=e=>{let t=new Map;return e.
clients.forEach((n,r)=>{let s=n[n.length-1];t.set(r,s.id.clock+s.length)}),t},_=(e,t)=>{let n=e.clients.get(t);if(n===void 0)
return 0;let r=n[n.length-1];return r.id.clock+r.length},ui=(e,t)=>{let n=e.clients.get(t.id.client);if(n===void 0)n=[],
e.clients.set(t.id.client,n);else{let r=n[n.length-1];if(r.id.clock+r.length!==t.id.clock)throw T()}n.push(t)},P=(e,t)=>{
let n=0,r=e.length-1,s=e[r],i=s.id.clock;if(i===t)return r;let o=B(t/(i+s.length-1)*r);for(;n<=r;){if(s=e[o],i=s.id.clock,
i<=t){if(t<i+s.length)return o;n=o+1}else r=o-1;o=B((n+r)/2)}throw T()},Ac=(e,t)=>{let n=e.clients.get(t.client);return n[P(
n,t.clock)]},Kt=Ac,_r=(e,t,n)=>{let r=P(t,n),s=t[r];return s.id.clock<n&&s instanceof b?(t.splice(r+1,0,Tn(e,s,n-s.id.clock)),
r+1):r},M=(e,t)=>{let n=e.doc.store.clients.get(t.client);return n[_r(e,n,t.clock)]},Js=(e,t,n)=>{let r=t.clients.get(n.
client),s=P(r,n.clock),i=r[s];return n.clock!==i.id.clock+i.length-1&&i.constructor!==R&&r.splice(s+1,0,Tn(e,i,n.clock-i.
id.clock+1)),i},Ic=(e,t,n)=>{let r=e.clients.get(t.id.client);r[P(r,t.id.clock)]=n},di=(e,t,n,r,s)=>{if(r===0)return;let i=n+
r,o=_r(e,t,n),c;do c=t[o++],i<c.id.clock+c.length&&_r(e,t,i),s(c);while(o<t.length&&t[o].id.clock<i)},Er=class{constructor(t,n,r){
this.doc=t,this.deleteSet=new gt,this.beforeState=je(t.store),this.afterState=new Map,this.changed=new Map,this.changedParentTypes=
new Map,this._mergeStructs=[],this.origin=n,this.meta=new Map,this.local=r,this.subdocsAdded=new Set,this.subdocsRemoved=
new Set,this.subdocsLoaded=new Set,this._needFormattingCleanup=!1}},Xs=(e,t)=>t.deleteSet.clients.size===0&&!Xr(t.afterState,
(n,r)=>t.beforeState.get(r)!==n)?!1:(Nr(t.deleteSet),gc(e,t),tt(e,t.deleteSet),!0),Ps=(e,t,n)=>{let r=t._item;(r===null||
r.id.clock<(e.beforeState.get(r.id.client)||0)&&!r.deleted)&&L(e.changed,t,rt).add(n)},xn=(e,t)=>{let n=e[t],r=e[t-1],s=t;
for(;s>0;n=r,r=e[--s-1]){if(r.deleted===n.deleted&&r.constructor===n.constructor&&r.mergeWith(n)){n instanceof b&&n.parentSub!==
null&&n.parent._map.get(n.parentSub)===n&&n.parent._map.set(n.parentSub,r);continue}break}let i=t-s;return i&&e.splice(t+
1-i,i),i},fi=(e,t,n)=>{for(let[r,s]of e.clients.entries()){let i=t.clients.get(r);for(let o=s.length-1;o>=0;o--){let c=s[o],
l=c.clock+c.len;for(let h=P(i,c.clock),a=i[h];h<i.length&&a.id.clock<l;a=i[++h]){let u=i[h];if(c.clock+c.len<=u.id.clock)
break;u instanceof b&&u.deleted&&!u.keep&&n(u)&&u.gc(t,!1)}}}},pi=(e,t)=>{e.clients.forEach((n,r)=>{let s=t.clients.get(
r);for(let i=n.length-1;i>=0;i--){let o=n[i],c=He(s.length-1,1+P(s,o.clock+o.len-1));for(let l=c,h=s[l];l>0&&h.id.clock>=
o.clock;h=s[l])l-=1+xn(s,l)}})},va=(e,t,n)=>{fi(e,t,n),pi(e,t)},gi=(e,t)=>{if(t<e.length){let n=e[t],r=n.doc,s=r.store,i=n.
deleteSet,o=n._mergeStructs;try{Nr(i),n.afterState=je(n.doc.store),r.emit("beforeObserverCalls",[n,r]);let c=[];n.changed.
forEach((l,h)=>c.push(()=>{(h._item===null||!h._item.deleted)&&h._callObserver(n,l)})),c.push(()=>{n.changedParentTypes.
forEach((l,h)=>{h._dEH.l.length>0&&(h._item===null||!h._item.deleted)&&c.push(()=>{l=l.filter(a=>a.target._item===null||
!a.target._item.deleted),l.forEach(a=>{a.currentTarget=h,a._path=null}),l.sort((a,u)=>a.path.length-u.path.length),li(h.
_dEH,l,n)})}),c.push(()=>r.emit("afterTransaction",[n,r])),c.push(()=>{n._needFormattingCleanup&&Xc(n)})}),ke(c,[])}finally{
r.gc&&fi(i,s,r.gcFilter),pi(i,s),n.afterState.forEach((a,u)=>{let d=n.beforeState.get(u)||0;if(d!==a){let f=s.clients.get(
u),p=it(P(f,d),1);for(let y=f.length-1;y>=p;)y-=1+xn(f,y)}});for(let a=o.length-1;a>=0;a--){let{client:u,clock:d}=o[a].id,
f=s.clients.get(u),p=P(f,d);p+1<f.length&&xn(f,p+1)>1||p>0&&xn(f,p)}if(!n.local&&n.afterState.get(r.clientID)!==n.beforeState.
get(r.clientID)&&(pn(Xt,Ie,"[yjs] ",De,Te,"Changed the client-id because another client seems to be using it."),r.clientID=
si()),r.emit("afterTransactionCleanup",[n,r]),r._observers.has("update")){let a=new ct;Xs(a,n)&&r.emit("update",[a.toUint8Array(),
n.origin,r,n])}if(r._observers.has("updateV2")){let a=new X;Xs(a,n)&&r.emit("updateV2",[a.toUint8Array(),n.origin,r,n])}
let{subdocsAdded:c,subdocsLoaded:l,subdocsRemoved:h}=n;(c.size>0||h.size>0||l.size>0)&&(c.forEach(a=>{a.clientID=r.clientID,
a.collectionid==null&&(a.collectionid=r.collectionid),r.subdocs.add(a)}),h.forEach(a=>r.subdocs.delete(a)),r.emit("subdo\
cs",[{loaded:l,added:c,removed:h},r,n]),h.forEach(a=>a.destroy())),e.length<=t+1?(r._transactionCleanups=[],r.emit("afte\
rAllTransactions",[r,e])):gi(e,t+1)}}},x=(e,t,n=null,r=!0)=>{let s=e._transactionCleanups,i=!1,o=null;e._transaction===null&&
(i=!0,e._transaction=new Er(e,n,r),s.push(e._transaction),s.length===1&&e.emit("beforeAllTransactions",[e]),e.emit("befo\
reTransaction",[e._transaction,e]));try{o=t(e._transaction)}finally{if(i){let c=e._transaction===s[0];e._transaction=null,
c&&gi(s,0)}}return o},Ur=class{constructor(t,n){this.insertions=n,this.deletions=t,this.meta=new Map}},Ks=(e,t,n)=>{Wt(e,
n.deletions,r=>{r instanceof b&&t.scope.some(s=>s===e.doc||Sn(s,r))&&Gr(r,!1)})},Ys=(e,t,n)=>{let r=null,s=e.doc,i=e.scope;
x(s,c=>{for(;t.length>0&&e.currStackItem===null;){let l=s.store,h=t.pop(),a=new Set,u=[],d=!1;Wt(c,h.insertions,f=>{if(f instanceof
b){if(f.redone!==null){let{item:p,diff:y}=Or(l,f.id);y>0&&(p=M(c,m(p.id.client,p.id.clock+y))),f=p}!f.deleted&&i.some(p=>p===
c.doc||Sn(p,f))&&u.push(f)}}),Wt(c,h.deletions,f=>{f instanceof b&&i.some(p=>p===c.doc||Sn(p,f))&&!ce(h.insertions,f.id)&&
a.add(f)}),a.forEach(f=>{d=Li(c,f,a,h.insertions,e.ignoreRemoteMapChanges,e)!==null||d});for(let f=u.length-1;f>=0;f--){
let p=u[f];e.deleteFilter(p)&&(p.delete(c),d=!0)}e.currStackItem=d?h:null}c.changed.forEach((l,h)=>{l.has(null)&&h._searchMarker&&
(h._searchMarker.length=0)}),r=c},e);let o=e.currStackItem;if(o!=null){let c=r.changedParentTypes;e.emit("stack-item-pop\
ped",[{stackItem:o,type:n,changedParentTypes:c,origin:e},e]),e.currStackItem=null}return o},Ws=class extends Dt{constructor(t,{
captureTimeout:n=500,captureTransaction:r=l=>!0,deleteFilter:s=()=>!0,trackedOrigins:i=new Set([null]),ignoreRemoteMapChanges:o=!1,
doc:c=st(t)?t[0].doc:t instanceof Ct?t:t.doc}={}){super(),this.scope=[],this.doc=c,this.addToScope(t),this.deleteFilter=
s,i.add(this),this.trackedOrigins=i,this.captureTransaction=r,this.undoStack=[],this.redoStack=[],this.undoing=!1,this.redoing=
!1,this.currStackItem=null,this.lastChange=0,this.ignoreRemoteMapChanges=o,this.captureTimeout=n,this.afterTransactionHandler=
l=>{if(!this.captureTransaction(l)||!this.scope.some(k=>l.changedParentTypes.has(k)||k===this.doc)||!this.trackedOrigins.
has(l.origin)&&(!l.origin||!this.trackedOrigins.has(l.origin.constructor)))return;let h=this.undoing,a=this.redoing,u=h?
this.redoStack:this.undoStack;h?this.stopCapturing():a||this.clear(!1,!0);let d=new gt;l.afterState.forEach((k,S)=>{let zr=l.
beforeState.get(S)||0,Hr=k-zr;Hr>0&&Oe(d,S,zr,Hr)});let f=We(),p=!1;if(this.lastChange>0&&f-this.lastChange<this.captureTimeout&&
u.length>0&&!h&&!a){let k=u[u.length-1];k.deletions=Zt([k.deletions,l.deleteSet]),k.insertions=Zt([k.insertions,d])}else
u.push(new Ur(l.deleteSet,d)),p=!0;!h&&!a&&(this.lastChange=f),Wt(l,l.deleteSet,k=>{k instanceof b&&this.scope.some(S=>S===
l.doc||Sn(S,k))&&Gr(k,!0)});let y=[{stackItem:u[u.length-1],origin:l.origin,type:h?"redo":"undo",changedParentTypes:l.changedParentTypes},
this];p?this.emit("stack-item-added",y):this.emit("stack-item-updated",y)},this.destroy=this.destroy.bind(this),this.doc.
on("afterTransaction",this.afterTransactionHandler),this.doc.on("destroy",this.destroy)}addToScope(t){let n=new Set(this.
scope);t=st(t)?t:[t],t.forEach(r=>{n.has(r)||(n.add(r),(r instanceof U?r.doc!==this.doc:r!==this.doc)&&yr("[yjs#509] Not\
 same Y.Doc"),this.scope.push(r))})}addTrackedOrigin(t){this.trackedOrigins.add(t)}removeTrackedOrigin(t){this.trackedOrigins.
delete(t)}clear(t=!0,n=!0){(t&&this.canUndo()||n&&this.canRedo())&&this.doc.transact(r=>{t&&(this.undoStack.forEach(s=>Ks(
r,this,s)),this.undoStack=[]),n&&(this.redoStack.forEach(s=>Ks(r,this,s)),this.redoStack=[]),this.emit("stack-cleared",[
{undoStackCleared:t,redoStackCleared:n}])})}stopCapturing(){this.lastChange=0}undo(){this.undoing=!0;let t;try{t=Ys(this,
this.undoStack,"undo")}finally{this.undoing=!1}return t}redo(){this.redoing=!0;let t;try{t=Ys(this,this.redoStack,"redo")}finally{
this.redoing=!1}return t}canUndo(){return this.undoStack.length>0}canRedo(){return this.redoStack.length>0}destroy(){this.
trackedOrigins.delete(this),this.doc.off("afterTransaction",this.afterTransactionHandler),this.doc.off("destroy",this.destroy),
super.destroy()}};function*Dc(e){let t=w(e.restDecoder);for(let n=0;n<t;n++){let r=w(e.restDecoder),s=e.readClient(),i=w(
e.restDecoder);for(let o=0;o<r;o++){let c=e.readInfo();if(c===10){let l=w(e.restDecoder);yield new N(m(s,i),l),i+=l}else if((31&
c)!==0){let l=(c&192)===0,h=new b(m(s,i),null,(c&128)===128?e.readLeftID():null,null,(c&64)===64?e.readRightID():null,l?
e.readParentInfo()?e.readString():e.readLeftID():null,l&&(c&32)===32?e.readString():null,Bi(e,c));yield h,i+=h.length}else{
let l=e.readLen();yield new R(m(s,i),l),i+=l}}}}var et=class{constructor(t,n){this.gen=Dc(t),this.curr=null,this.done=!1,
this.filterSkips=n,this.next()}next(){do this.curr=this.gen.next().value||null;while(this.filterSkips&&this.curr!==null&&
this.curr.constructor===N);return this.curr}},Oa=e=>Tc(e,H),Tc=(e,t=j)=>{let n=[],r=new t(v(e)),s=new et(r,!1);for(let o=s.
curr;o!==null;o=s.next())n.push(o);pn("Structs: ",n);let i=ot(r);pn("DeleteSet: ",i)},Va=e=>vc(e,H),vc=(e,t=j)=>{let n=[],
r=new t(v(e)),s=new et(r,!1);for(let i=s.curr;i!==null;i=s.next())n.push(i);return{structs:n,ds:ot(r)}},Ne=class{constructor(t){
this.currClient=0,this.startClock=0,this.written=0,this.encoder=t,this.clientStructs=[]}},Oc=e=>Un(e,H,ct),Vc=(e,t=Qt,n=j)=>{
let r=new t,s=new et(new n(v(e)),!1),i=s.curr;if(i!==null){let o=0,c=i.id.client,l=i.id.clock!==0,h=l?0:i.id.clock+i.length;
for(;i!==null;i=s.next())c!==i.id.client&&(h!==0&&(o++,g(r.restEncoder,c),g(r.restEncoder,h)),c=i.id.client,h=0,l=i.id.clock!==
0),i.constructor===N&&(l=!0),l||(h=i.id.clock+i.length);h!==0&&(o++,g(r.restEncoder,c),g(r.restEncoder,h));let a=kt();return g(
a,o),ns(a,r.restEncoder),r.restEncoder=a,r.toUint8Array()}else return g(r.restEncoder,0),r.toUint8Array()},Na=e=>Vc(e,mt,
H),Nc=(e,t=j)=>{let n=new Map,r=new Map,s=new et(new t(v(e)),!1),i=s.curr;if(i!==null){let o=i.id.client,c=i.id.clock;for(n.
set(o,c);i!==null;i=s.next())o!==i.id.client&&(r.set(o,c),n.set(i.id.client,i.id.clock),o=i.id.client),c=i.id.clock+i.length;
r.set(o,c)}return{from:n,to:r}},La=e=>Nc(e,H),Lc=(e,t)=>{if(e.constructor===R){let{client:n,clock:r}=e.id;return new R(m(
n,r+t),e.length-t)}else if(e.constructor===N){let{client:n,clock:r}=e.id;return new N(m(n,r+t),e.length-t)}else{let n=e,
{client:r,clock:s}=n.id;return new b(m(r,s+t),null,m(r,s+t-1),null,n.rightOrigin,n.parent,n.parentSub,n.content.splice(t))}},
Un=(e,t=j,n=X)=>{if(e.length===1)return e[0];let r=e.map(a=>new t(v(a))),s=r.map(a=>new et(a,!0)),i=null,o=new n,c=new Ne(
o);for(;s=s.filter(d=>d.curr!==null),s.sort((d,f)=>{if(d.curr.id.client===f.curr.id.client){let p=d.curr.id.clock-f.curr.
id.clock;return p===0?d.curr.constructor===f.curr.constructor?0:d.curr.constructor===N?1:-1:p}else return f.curr.id.client-
d.curr.id.client}),s.length!==0;){let a=s[0],u=a.curr.id.client;if(i!==null){let d=a.curr,f=!1;for(;d!==null&&d.id.clock+
d.length<=i.struct.id.clock+i.struct.length&&d.id.client>=i.struct.id.client;)d=a.next(),f=!0;if(d===null||d.id.client!==
u||f&&d.id.clock>i.struct.id.clock+i.struct.length)continue;if(u!==i.struct.id.client)dt(c,i.struct,i.offset),i={struct:d,
offset:0},a.next();else if(i.struct.id.clock+i.struct.length<d.id.clock)if(i.struct.constructor===N)i.struct.length=d.id.
clock+d.length-i.struct.id.clock;else{dt(c,i.struct,i.offset);let p=d.id.clock-i.struct.id.clock-i.struct.length;i={struct:new N(
m(u,i.struct.id.clock+i.struct.length),p),offset:0}}else{let p=i.struct.id.clock+i.struct.length-d.id.clock;p>0&&(i.struct.
constructor===N?i.struct.length-=p:d=Lc(d,p)),i.struct.mergeWith(d)||(dt(c,i.struct,i.offset),i={struct:d,offset:0},a.next())}}else
i={struct:a.curr,offset:0},a.next();for(let d=a.curr;d!==null&&d.id.client===u&&d.id.clock===i.struct.id.clock+i.struct.
length&&d.constructor!==N;d=a.next())dt(c,i.struct,i.offset),i={struct:d,offset:0}}i!==null&&(dt(c,i.struct,i.offset),i=
null),$r(c);let l=r.map(a=>ot(a)),h=Zt(l);return tt(o,h),o.toUint8Array()},mi=(e,t,n=j,r=X)=>{let s=ci(t),i=new r,o=new Ne(
i),c=new n(v(e)),l=new et(c,!1);for(;l.curr;){let a=l.curr,u=a.id.client,d=s.get(u)||0;if(l.curr.constructor===N){l.next();
continue}if(a.id.clock+a.length>d)for(dt(o,a,it(d-a.id.clock,0)),l.next();l.curr&&l.curr.id.client===u;)dt(o,l.curr,0),l.
next();else for(;l.curr&&l.curr.id.client===u&&l.curr.id.clock+l.curr.length<=d;)l.next()}$r(o);let h=ot(c);return tt(i,
h),i.toUint8Array()},Ba=(e,t)=>mi(e,t,H,ct),wi=e=>{e.written>0&&(e.clientStructs.push({written:e.written,restEncoder:q(e.
encoder.restEncoder)}),e.encoder.restEncoder=kt(),e.written=0)},dt=(e,t,n)=>{e.written>0&&e.currClient!==t.id.client&&wi(
e),e.written===0&&(e.currClient=t.id.client,e.encoder.writeClient(t.id.client),g(e.encoder.restEncoder,t.id.clock+n)),t.
write(e.encoder,n),e.written++},$r=e=>{wi(e);let t=e.encoder.restEncoder;g(t,e.clientStructs.length);for(let n=0;n<e.clientStructs.
length;n++){let r=e.clientStructs[n];g(t,r.written),Mt(t,r.restEncoder)}},vn=(e,t,n,r)=>{let s=new n(v(e)),i=new et(s,!1),
o=new r,c=new Ne(o);for(let h=i.curr;h!==null;h=i.next())dt(c,t(h),0);$r(c);let l=ot(s);return tt(o,l),o.toUint8Array()},
yi=({formatting:e=!0,subdocs:t=!0,yxml:n=!0}={})=>{let r=0,s=A(),i=A(),o=A(),c=A();return c.set(null,null),l=>{switch(l.
constructor){case R:case N:return l;case b:{let h=l,a=h.content;switch(a.constructor){case Fe:break;case K:{if(n){let u=a.
type;u instanceof se&&(u.nodeName=L(i,u.nodeName,()=>"node-"+r)),u instanceof In&&(u.hookName=L(i,u.hookName,()=>"hook-"+
r))}break}case It:{let u=a;u.arr=u.arr.map(()=>r);break}case ie:{let u=a;u.content=new Uint8Array([r]);break}case oe:{let u=a;
t&&(u.opts={},u.doc.guid=r+"");break}case wt:{let u=a;u.embed={};break}case C:{let u=a;e&&(u.key=L(o,u.key,()=>r+""),u.value=
L(c,u.value,()=>({i:r})));break}case Dn:{let u=a;u.arr=u.arr.map(()=>r);break}case nt:{let u=a;u.str=Xe(r%10+"",u.str.length);
break}default:T()}return h.parentSub&&(h.parentSub=L(s,h.parentSub,()=>r+"")),r++,l}default:T()}}},Ma=(e,t)=>vn(e,yi(t),
H,ct),Ra=(e,t)=>vn(e,yi(t),j,X),$a=e=>vn(e,Zn,H,X),Bc=e=>vn(e,Zn,j,ct),Zs="You must not compute changes after the event-\
handler fired.",te=class{constructor(t,n){this.target=t,this.currentTarget=t,this.transaction=n,this._changes=null,this.
_keys=null,this._delta=null,this._path=null}get path(){return this._path||(this._path=Mc(this.currentTarget,this.target))}deletes(t){
return ce(this.transaction.deleteSet,t.id)}get keys(){if(this._keys===null){if(this.transaction.doc._transactionCleanups.
length===0)throw G(Zs);let t=new Map,n=this.target;this.transaction.changed.get(n).forEach(s=>{if(s!==null){let i=n._map.
get(s),o,c;if(this.adds(i)){let l=i.left;for(;l!==null&&this.adds(l);)l=l.left;if(this.deletes(i))if(l!==null&&this.deletes(
l))o="delete",c=Ge(l.content.getContent());else return;else l!==null&&this.deletes(l)?(o="update",c=Ge(l.content.getContent())):
(o="add",c=void 0)}else if(this.deletes(i))o="delete",c=Ge(i.content.getContent());else return;t.set(s,{action:o,oldValue:c})}}),
this._keys=t}return this._keys}get delta(){return this.changes.delta}adds(t){return t.id.clock>=(this.transaction.beforeState.
get(t.id.client)||0)}get changes(){let t=this._changes;if(t===null){if(this.transaction.doc._transactionCleanups.length===
0)throw G(Zs);let n=this.target,r=rt(),s=rt(),i=[];if(t={added:r,deleted:s,delta:i,keys:this.keys},this.transaction.changed.
get(n).has(null)){let c=null,l=()=>{c&&i.push(c)};for(let h=n._start;h!==null;h=h.right)h.deleted?this.deletes(h)&&!this.
adds(h)&&((c===null||c.delete===void 0)&&(l(),c={delete:0}),c.delete+=h.length,s.add(h)):this.adds(h)?((c===null||c.insert===
void 0)&&(l(),c={insert:[]}),c.insert=c.insert.concat(h.content.getContent()),r.add(h)):((c===null||c.retain===void 0)&&
(l(),c={retain:0}),c.retain+=h.length);c!==null&&c.retain===void 0&&l()}this._changes=t}return t}},Mc=(e,t)=>{let n=[];for(;t.
_item!==null&&t!==e;){if(t._item.parentSub!==null)n.unshift(t._item.parentSub);else{let r=0,s=t._item.parent._start;for(;s!==
t._item&&s!==null;)!s.deleted&&s.countable&&(r+=s.length),s=s.right;n.unshift(r)}t=t._item.parent}return n},V=()=>{yr("I\
nvalid access: Add Yjs type to a document before reading data.")},xi=80,Fr=0,Cr=class{constructor(t,n){t.marker=!0,this.
p=t,this.index=n,this.timestamp=Fr++}},Rc=e=>{e.timestamp=Fr++},bi=(e,t,n)=>{e.p.marker=!1,e.p=t,t.marker=!0,e.index=n,e.
timestamp=Fr++},$c=(e,t,n)=>{if(e.length>=xi){let r=e.reduce((s,i)=>s.timestamp<i.timestamp?s:i);return bi(r,t,n),r}else{
let r=new Cr(t,n);return e.push(r),r}},On=(e,t)=>{if(e._start===null||t===0||e._searchMarker===null)return null;let n=e.
_searchMarker.length===0?null:e._searchMarker.reduce((i,o)=>yt(t-i.index)<yt(t-o.index)?i:o),r=e._start,s=0;for(n!==null&&
(r=n.p,s=n.index,Rc(n));r.right!==null&&s<t;){if(!r.deleted&&r.countable){if(t<s+r.length)break;s+=r.length}r=r.right}for(;r.
left!==null&&s>t;)r=r.left,!r.deleted&&r.countable&&(s-=r.length);for(;r.left!==null&&r.left.id.client===r.id.client&&r.
left.id.clock+r.left.length===r.id.clock;)r=r.left,!r.deleted&&r.countable&&(s-=r.length);return n!==null&&yt(n.index-s)<
r.parent.length/xi?(bi(n,r,s),n):$c(e._searchMarker,r,s)},Le=(e,t,n)=>{for(let r=e.length-1;r>=0;r--){let s=e[r];if(n>0){
let i=s.p;for(i.marker=!1;i&&(i.deleted||!i.countable);)i=i.left,i&&!i.deleted&&i.countable&&(s.index-=i.length);if(i===
null||i.marker===!0){e.splice(r,1);continue}s.p=i,i.marker=!0}(t<s.index||n>0&&t===s.index)&&(s.index=it(t,s.index+n))}},
Fa=e=>{e.doc??V();let t=e._start,n=[];for(;t;)n.push(t),t=t.right;return n},Vn=(e,t,n)=>{let r=e,s=t.changedParentTypes;
for(;L(s,e,()=>[]).push(n),e._item!==null;)e=e._item.parent;li(r._eH,n,t)},U=class{constructor(){this._item=null,this._map=
new Map,this._start=null,this.doc=null,this._length=0,this._eH=Fs(),this._dEH=Fs(),this._searchMarker=null}get parent(){
return this._item?this._item.parent:null}_integrate(t,n){this.doc=t,this._item=n}_copy(){throw z()}clone(){throw z()}_write(t){}get _first(){
let t=this._start;for(;t!==null&&t.deleted;)t=t.right;return t}_callObserver(t,n){!t.local&&this._searchMarker&&(this._searchMarker.
length=0)}observe(t){js(this._eH,t)}observeDeep(t){js(this._dEH,t)}unobserve(t){qs(this._eH,t)}unobserveDeep(t){qs(this.
_dEH,t)}toJSON(){}},ki=(e,t,n)=>{e.doc??V(),t<0&&(t=e._length+t),n<0&&(n=e._length+n);let r=n-t,s=[],i=e._start;for(;i!==
null&&r>0;){if(i.countable&&!i.deleted){let o=i.content.getContent();if(o.length<=t)t-=o.length;else{for(let c=t;c<o.length&&
r>0;c++)s.push(o[c]),r--;t=0}}i=i.right}return s},Si=e=>{e.doc??V();let t=[],n=e._start;for(;n!==null;){if(n.countable&&
!n.deleted){let r=n.content.getContent();for(let s=0;s<r.length;s++)t.push(r[s])}n=n.right}return t},ja=(e,t)=>{let n=[],
r=e._start;for(;r!==null;){if(r.countable&&ut(r,t)){let s=r.content.getContent();for(let i=0;i<s.length;i++)n.push(s[i])}
r=r.right}return n},Be=(e,t)=>{let n=0,r=e._start;for(e.doc??V();r!==null;){if(r.countable&&!r.deleted){let s=r.content.
getContent();for(let i=0;i<s.length;i++)t(s[i],n++,e)}r=r.right}},_i=(e,t)=>{let n=[];return Be(e,(r,s)=>{n.push(t(r,s,e))}),
n},Fc=e=>{let t=e._start,n=null,r=0;return{[Symbol.iterator](){return this},next:()=>{if(n===null){for(;t!==null&&t.deleted;)
t=t.right;if(t===null)return{done:!0,value:void 0};n=t.content.getContent(),r=0,t=t.right}let s=n[r++];return n.length<=
r&&(n=null),{done:!1,value:s}}}},Ei=(e,t)=>{e.doc??V();let n=On(e,t),r=e._start;for(n!==null&&(r=n.p,t-=n.index);r!==null;r=
r.right)if(!r.deleted&&r.countable){if(t<r.length)return r.content.getContent()[t];t-=r.length}},Cn=(e,t,n,r)=>{let s=n,
i=e.doc,o=i.clientID,c=i.store,l=n===null?t._start:n.right,h=[],a=()=>{h.length>0&&(s=new b(m(o,_(c,o)),s,s&&s.lastId,l,
l&&l.id,t,null,new It(h)),s.integrate(e,0),h=[])};r.forEach(u=>{if(u===null)h.push(u);else switch(u.constructor){case Number:case Object:case Boolean:case Array:case String:
h.push(u);break;default:switch(a(),u.constructor){case Uint8Array:case ArrayBuffer:s=new b(m(o,_(c,o)),s,s&&s.lastId,l,l&&
l.id,t,null,new ie(new Uint8Array(u))),s.integrate(e,0);break;case Ct:s=new b(m(o,_(c,o)),s,s&&s.lastId,l,l&&l.id,t,null,
new oe(u)),s.integrate(e,0);break;default:if(u instanceof U)s=new b(m(o,_(c,o)),s,s&&s.lastId,l,l&&l.id,t,null,new K(u)),
s.integrate(e,0);else throw new Error("Unexpected content type in insert operation")}}}),a()},Ui=()=>G("Length exceeded!"),
Ci=(e,t,n,r)=>{if(n>t._length)throw Ui();if(n===0)return t._searchMarker&&Le(t._searchMarker,n,r.length),Cn(e,t,null,r);
let s=n,i=On(t,n),o=t._start;for(i!==null&&(o=i.p,n-=i.index,n===0&&(o=o.prev,n+=o&&o.countable&&!o.deleted?o.length:0));o!==
null;o=o.right)if(!o.deleted&&o.countable){if(n<=o.length){n<o.length&&M(e,m(o.id.client,o.id.clock+n));break}n-=o.length}
return t._searchMarker&&Le(t._searchMarker,s,r.length),Cn(e,t,o,r)},jc=(e,t,n)=>{let s=(t._searchMarker||[]).reduce((i,o)=>o.
index>i.index?o:i,{index:0,p:t._start}).p;if(s)for(;s.right;)s=s.right;return Cn(e,t,s,n)},Ai=(e,t,n,r)=>{if(r===0)return;
let s=n,i=r,o=On(t,n),c=t._start;for(o!==null&&(c=o.p,n-=o.index);c!==null&&n>0;c=c.right)!c.deleted&&c.countable&&(n<c.
length&&M(e,m(c.id.client,c.id.clock+n)),n-=c.length);for(;r>0&&c!==null;)c.deleted||(r<c.length&&M(e,m(c.id.client,c.id.
clock+r)),c.delete(e),r-=c.length),c=c.right;if(r>0)throw Ui();t._searchMarker&&Le(t._searchMarker,s,-i+r)},An=(e,t,n)=>{
let r=t._map.get(n);r!==void 0&&r.delete(e)},jr=(e,t,n,r)=>{let s=t._map.get(n)||null,i=e.doc,o=i.clientID,c;if(r==null)
c=new It([r]);else switch(r.constructor){case Number:case Object:case Boolean:case Array:case String:case Date:case BigInt:
c=new It([r]);break;case Uint8Array:c=new ie(r);break;case Ct:c=new oe(r);break;default:if(r instanceof U)c=new K(r);else
throw new Error("Unexpected content type")}new b(m(o,_(i.store,o)),s,s&&s.lastId,null,null,t,n,c).integrate(e,0)},qr=(e,t)=>{
e.doc??V();let n=e._map.get(t);return n!==void 0&&!n.deleted?n.content.getContent()[n.length-1]:void 0},Ii=e=>{let t={};
return e.doc??V(),e._map.forEach((n,r)=>{n.deleted||(t[r]=n.content.getContent()[n.length-1])}),t},Di=(e,t)=>{e.doc??V();
let n=e._map.get(t);return n!==void 0&&!n.deleted},qa=(e,t,n)=>{let r=e._map.get(t)||null;for(;r!==null&&(!n.sv.has(r.id.
client)||r.id.clock>=(n.sv.get(r.id.client)||0));)r=r.left;return r!==null&&ut(r,n)?r.content.getContent()[r.length-1]:void 0},
qc=(e,t)=>{let n={};return e._map.forEach((r,s)=>{let i=r;for(;i!==null&&(!t.sv.has(i.id.client)||i.id.clock>=(t.sv.get(
i.id.client)||0));)i=i.left;i!==null&&ut(i,t)&&(n[s]=i.content.getContent()[i.length-1])}),n},wn=e=>(e.doc??V(),Ls(e._map.
entries(),t=>!t[1].deleted)),Ar=class extends te{},ee=class e extends U{constructor(){super(),this._prelimContent=[],this.
_searchMarker=[]}static from(t){let n=new e;return n.push(t),n}_integrate(t,n){super._integrate(t,n),this.insert(0,this.
_prelimContent),this._prelimContent=null}_copy(){return new e}clone(){let t=new e;return t.insert(0,this.toArray().map(n=>n instanceof
U?n.clone():n)),t}get length(){return this.doc??V(),this._length}_callObserver(t,n){super._callObserver(t,n),Vn(this,t,new Ar(
this,t))}insert(t,n){this.doc!==null?x(this.doc,r=>{Ci(r,this,t,n)}):this._prelimContent.splice(t,0,...n)}push(t){this.doc!==
null?x(this.doc,n=>{jc(n,this,t)}):this._prelimContent.push(...t)}unshift(t){this.insert(0,t)}delete(t,n=1){this.doc!==null?
x(this.doc,r=>{Ai(r,this,t,n)}):this._prelimContent.splice(t,n)}get(t){return Ei(this,t)}toArray(){return Si(this)}slice(t=0,n=this.
length){return ki(this,t,n)}toJSON(){return this.map(t=>t instanceof U?t.toJSON():t)}map(t){return _i(this,t)}forEach(t){
Be(this,t)}[Symbol.iterator](){return Fc(this)}_write(t){t.writeTypeRef(hl)}},Gc=e=>new ee,Ir=class extends te{constructor(t,n,r){
super(t,n),this.keysChanged=r}},ne=class e extends U{constructor(t){super(),this._prelimContent=null,t===void 0?this._prelimContent=
new Map:this._prelimContent=new Map(t)}_integrate(t,n){super._integrate(t,n),this._prelimContent.forEach((r,s)=>{this.set(
s,r)}),this._prelimContent=null}_copy(){return new e}clone(){let t=new e;return this.forEach((n,r)=>{t.set(r,n instanceof
U?n.clone():n)}),t}_callObserver(t,n){Vn(this,t,new Ir(this,t,n))}toJSON(){this.doc??V();let t={};return this._map.forEach(
(n,r)=>{if(!n.deleted){let s=n.content.getContent()[n.length-1];t[r]=s instanceof U?s.toJSON():s}}),t}get size(){return[
...wn(this)].length}keys(){return gn(wn(this),t=>t[0])}values(){return gn(wn(this),t=>t[1].content.getContent()[t[1].length-
1])}entries(){return gn(wn(this),t=>[t[0],t[1].content.getContent()[t[1].length-1]])}forEach(t){this.doc??V(),this._map.
forEach((n,r)=>{n.deleted||t(n.content.getContent()[n.length-1],r,this)})}[Symbol.iterator](){return this.entries()}delete(t){
this.doc!==null?x(this.doc,n=>{An(n,this,t)}):this._prelimContent.delete(t)}set(t,n){return this.doc!==null?x(this.doc,r=>{
jr(r,this,t,n)}):this._prelimContent.set(t,n),n}get(t){return qr(this,t)}has(t){return Di(this,t)}clear(){this.doc!==null?
x(this.doc,t=>{this.forEach(function(n,r,s){An(t,s,r)})}):this._prelimContent.clear()}_write(t){t.writeTypeRef(ul)}},zc=e=>new ne,
ft=(e,t)=>e===t||typeof e=="object"&&typeof t=="object"&&e&&t&&Kn(e,t),Me=class{constructor(t,n,r,s){this.left=t,this.right=
n,this.index=r,this.currentAttributes=s}forward(){this.right===null&&T(),this.right.content.constructor===C?this.right.deleted||
le(this.currentAttributes,this.right.content):this.right.deleted||(this.index+=this.right.length),this.left=this.right,this.
right=this.right.right}},Qs=(e,t,n)=>{for(;t.right!==null&&n>0;)t.right.content.constructor===C?t.right.deleted||le(t.currentAttributes,
t.right.content):t.right.deleted||(n<t.right.length&&M(e,m(t.right.id.client,t.right.id.clock+n)),t.index+=t.right.length,
n-=t.right.length),t.left=t.right,t.right=t.right.right;return t},yn=(e,t,n,r)=>{let s=new Map,i=r?On(t,n):null;if(i){let o=new Me(
i.p.left,i.p,i.index,s);return Qs(e,o,n-i.index)}else{let o=new Me(null,t._start,0,s);return Qs(e,o,n)}},Ti=(e,t,n,r)=>{
for(;n.right!==null&&(n.right.deleted===!0||n.right.content.constructor===C&&ft(r.get(n.right.content.key),n.right.content.
value));)n.right.deleted||r.delete(n.right.content.key),n.forward();let s=e.doc,i=s.clientID;r.forEach((o,c)=>{let l=n.left,
h=n.right,a=new b(m(i,_(s.store,i)),l,l&&l.lastId,h,h&&h.id,t,null,new C(c,o));a.integrate(e,0),n.right=a,n.forward()})},
le=(e,t)=>{let{key:n,value:r}=t;r===null?e.delete(n):e.set(n,r)},vi=(e,t)=>{for(;e.right!==null;){if(!(e.right.deleted||
e.right.content.constructor===C&&ft(t[e.right.content.key]??null,e.right.content.value)))break;e.forward()}},Oi=(e,t,n,r)=>{
let s=e.doc,i=s.clientID,o=new Map;for(let c in r){let l=r[c],h=n.currentAttributes.get(c)??null;if(!ft(h,l)){o.set(c,h);
let{left:a,right:u}=n;n.right=new b(m(i,_(s.store,i)),a,a&&a.lastId,u,u&&u.id,t,null,new C(c,l)),n.right.integrate(e,0),
n.forward()}}return o},xr=(e,t,n,r,s)=>{n.currentAttributes.forEach((d,f)=>{s[f]===void 0&&(s[f]=null)});let i=e.doc,o=i.
clientID;vi(n,s);let c=Oi(e,t,n,s),l=r.constructor===String?new nt(r):r instanceof U?new K(r):new wt(r),{left:h,right:a,
index:u}=n;t._searchMarker&&Le(t._searchMarker,n.index,l.getLength()),a=new b(m(o,_(i.store,o)),h,h&&h.lastId,a,a&&a.id,
t,null,l),a.integrate(e,0),n.right=a,n.index=u,n.forward(),Ti(e,t,n,c)},ti=(e,t,n,r,s)=>{let i=e.doc,o=i.clientID;vi(n,s);
let c=Oi(e,t,n,s);t:for(;n.right!==null&&(r>0||c.size>0&&(n.right.deleted||n.right.content.constructor===C));){if(!n.right.
deleted)switch(n.right.content.constructor){case C:{let{key:l,value:h}=n.right.content,a=s[l];if(a!==void 0){if(ft(a,h))
c.delete(l);else{if(r===0)break t;c.set(l,h)}n.right.delete(e)}else n.currentAttributes.set(l,h);break}default:r<n.right.
length&&M(e,m(n.right.id.client,n.right.id.clock+r)),r-=n.right.length;break}n.forward()}if(r>0){let l="";for(;r>0;r--)l+=
`
`;n.right=new b(m(o,_(i.store,o)),n.left,n.left&&n.left.lastId,n.right,n.right&&n.right.id,t,null,new nt(l)),n.right.integrate(
e,0),n.forward()}Ti(e,t,n,c)},Vi=(e,t,n,r,s)=>{let i=t,o=A();for(;i&&(!i.countable||i.deleted);){if(!i.deleted&&i.content.
constructor===C){let h=i.content;o.set(h.key,h)}i=i.right}let c=0,l=!1;for(;t!==i;){if(n===t&&(l=!0),!t.deleted){let h=t.
content;if(h.constructor===C){let{key:a,value:u}=h,d=r.get(a)??null;(o.get(a)!==h||d===u)&&(t.delete(e),c++,!l&&(s.get(a)??
null)===u&&d!==u&&(d===null?s.delete(a):s.set(a,d))),!l&&!t.deleted&&le(s,h)}}t=t.right}return c},Hc=(e,t)=>{for(;t&&t.right&&
(t.right.deleted||!t.right.countable);)t=t.right;let n=new Set;for(;t&&(t.deleted||!t.countable);){if(!t.deleted&&t.content.
constructor===C){let r=t.content.key;n.has(r)?t.delete(e):n.add(r)}t=t.left}},Jc=e=>{let t=0;return x(e.doc,n=>{let r=e.
_start,s=e._start,i=A(),o=qe(i);for(;s;)s.deleted===!1&&(s.content.constructor===C?le(o,s.content):(t+=Vi(n,r,s,i,o),i=qe(
o),r=s)),s=s.right}),t},Xc=e=>{let t=new Set,n=e.doc;for(let[r,s]of e.afterState.entries()){let i=e.beforeState.get(r)||
0;s!==i&&di(e,n.store.clients.get(r),i,s,o=>{!o.deleted&&o.content.constructor===C&&o.constructor!==R&&t.add(o.parent)})}
x(n,r=>{Wt(e,e.deleteSet,s=>{if(s instanceof R||!s.parent._hasFormatting||t.has(s.parent))return;let i=s.parent;s.content.
constructor===C?t.add(i):Hc(r,s)});for(let s of t)Jc(s)})},ei=(e,t,n)=>{let r=n,s=qe(t.currentAttributes),i=t.right;for(;n>
0&&t.right!==null;){if(t.right.deleted===!1)switch(t.right.content.constructor){case K:case wt:case nt:n<t.right.length&&
M(e,m(t.right.id.client,t.right.id.clock+n)),n-=t.right.length,t.right.delete(e);break}t.forward()}i&&Vi(e,i,t.right,s,t.
currentAttributes);let o=(t.left||t.right).parent;return o._searchMarker&&Le(o._searchMarker,t.index,-r+n),t},Dr=class extends te{constructor(t,n,r){
super(t,n),this.childListChanged=!1,this.keysChanged=new Set,r.forEach(s=>{s===null?this.childListChanged=!0:this.keysChanged.
add(s)})}get changes(){if(this._changes===null){let t={keys:this.keys,delta:this.delta,added:new Set,deleted:new Set};this.
_changes=t}return this._changes}get delta(){if(this._delta===null){let t=this.target.doc,n=[];x(t,r=>{let s=new Map,i=new Map,
o=this.target._start,c=null,l={},h="",a=0,u=0,d=()=>{if(c!==null){let f=null;switch(c){case"delete":u>0&&(f={delete:u}),
u=0;break;case"insert":(typeof h=="object"||h.length>0)&&(f={insert:h},s.size>0&&(f.attributes={},s.forEach((p,y)=>{p!==
null&&(f.attributes[y]=p)}))),h="";break;case"retain":a>0&&(f={retain:a},ds(l)||(f.attributes=hs({},l))),a=0;break}f&&n.
push(f),c=null}};for(;o!==null;){switch(o.content.constructor){case K:case wt:this.adds(o)?this.deletes(o)||(d(),c="inse\
rt",h=o.content.getContent()[0],d()):this.deletes(o)?(c!=="delete"&&(d(),c="delete"),u+=1):o.deleted||(c!=="retain"&&(d(),
c="retain"),a+=1);break;case nt:this.adds(o)?this.deletes(o)||(c!=="insert"&&(d(),c="insert"),h+=o.content.str):this.deletes(
o)?(c!=="delete"&&(d(),c="delete"),u+=o.length):o.deleted||(c!=="retain"&&(d(),c="retain"),a+=o.length);break;case C:{let{
key:f,value:p}=o.content;if(this.adds(o)){if(!this.deletes(o)){let y=s.get(f)??null;ft(y,p)?p!==null&&o.delete(r):(c==="\
retain"&&d(),ft(p,i.get(f)??null)?delete l[f]:l[f]=p)}}else if(this.deletes(o)){i.set(f,p);let y=s.get(f)??null;ft(y,p)||
(c==="retain"&&d(),l[f]=y)}else if(!o.deleted){i.set(f,p);let y=l[f];y!==void 0&&(ft(y,p)?y!==null&&o.delete(r):(c==="re\
tain"&&d(),p===null?delete l[f]:l[f]=p))}o.deleted||(c==="insert"&&d(),le(s,o.content));break}}o=o.right}for(d();n.length>
0;){let f=n[n.length-1];if(f.retain!==void 0&&f.attributes===void 0)n.pop();else break}}),this._delta=n}return this._delta}},
Re=class e extends U{constructor(t){super(),this._pending=t!==void 0?[()=>this.insert(0,t)]:[],this._searchMarker=[],this.
_hasFormatting=!1}get length(){return this.doc??V(),this._length}_integrate(t,n){super._integrate(t,n);try{this._pending.
forEach(r=>r())}catch(r){console.error(r)}this._pending=null}_copy(){return new e}clone(){let t=new e;return t.applyDelta(
this.toDelta()),t}_callObserver(t,n){super._callObserver(t,n);let r=new Dr(this,t,n);Vn(this,t,r),!t.local&&this._hasFormatting&&
(t._needFormattingCleanup=!0)}toString(){this.doc??V();let t="",n=this._start;for(;n!==null;)!n.deleted&&n.countable&&n.
content.constructor===nt&&(t+=n.content.str),n=n.right;return t}toJSON(){return this.toString()}applyDelta(t,{sanitize:n=!0}={}){
this.doc!==null?x(this.doc,r=>{let s=new Me(null,this._start,0,new Map);for(let i=0;i<t.length;i++){let o=t[i];if(o.insert!==
void 0){let c=!n&&typeof o.insert=="string"&&i===t.length-1&&s.right===null&&o.insert.slice(-1)===`
`?o.insert.slice(0,-1):o.insert;(typeof c!="string"||c.length>0)&&xr(r,this,s,c,o.attributes||{})}else o.retain!==void 0?
ti(r,this,s,o.retain,o.attributes||{}):o.delete!==void 0&&ei(r,s,o.delete)}}):this._pending.push(()=>this.applyDelta(t))}toDelta(t,n,r){
this.doc??V();let s=[],i=new Map,o=this.doc,c="",l=this._start;function h(){if(c.length>0){let u={},d=!1;i.forEach((p,y)=>{
d=!0,u[y]=p});let f={insert:c};d&&(f.attributes=u),s.push(f),c=""}}let a=()=>{for(;l!==null;){if(ut(l,t)||n!==void 0&&ut(
l,n))switch(l.content.constructor){case nt:{let u=i.get("ychange");t!==void 0&&!ut(l,t)?(u===void 0||u.user!==l.id.client||
u.type!=="removed")&&(h(),i.set("ychange",r?r("removed",l.id):{type:"removed"})):n!==void 0&&!ut(l,n)?(u===void 0||u.user!==
l.id.client||u.type!=="added")&&(h(),i.set("ychange",r?r("added",l.id):{type:"added"})):u!==void 0&&(h(),i.delete("ychan\
ge")),c+=l.content.str;break}case K:case wt:{h();let u={insert:l.content.getContent()[0]};if(i.size>0){let d={};u.attributes=
d,i.forEach((f,p)=>{d[p]=f})}s.push(u);break}case C:ut(l,t)&&(h(),le(i,l.content));break}l=l.right}h()};return t||n?x(o,
u=>{t&&Sr(u,t),n&&Sr(u,n),a()},"cleanup"):a(),s}insert(t,n,r){if(n.length<=0)return;let s=this.doc;s!==null?x(s,i=>{let o=yn(
i,this,t,!r);r||(r={},o.currentAttributes.forEach((c,l)=>{r[l]=c})),xr(i,this,o,n,r)}):this._pending.push(()=>this.insert(
t,n,r))}insertEmbed(t,n,r){let s=this.doc;s!==null?x(s,i=>{let o=yn(i,this,t,!r);xr(i,this,o,n,r||{})}):this._pending.push(
()=>this.insertEmbed(t,n,r||{}))}delete(t,n){if(n===0)return;let r=this.doc;r!==null?x(r,s=>{ei(s,yn(s,this,t,!0),n)}):this.
_pending.push(()=>this.delete(t,n))}format(t,n,r){if(n===0)return;let s=this.doc;s!==null?x(s,i=>{let o=yn(i,this,t,!1);
o.right!==null&&ti(i,this,o,n,r)}):this._pending.push(()=>this.format(t,n,r))}removeAttribute(t){this.doc!==null?x(this.
doc,n=>{An(n,this,t)}):this._pending.push(()=>this.removeAttribute(t))}setAttribute(t,n){this.doc!==null?x(this.doc,r=>{
jr(r,this,t,n)}):this._pending.push(()=>this.setAttribute(t,n))}getAttribute(t){return qr(this,t)}getAttributes(){return Ii(
this)}_write(t){t.writeTypeRef(dl)}},Pc=e=>new Re,ve=class{constructor(t,n=()=>!0){this._filter=n,this._root=t,this._currentNode=
t._start,this._firstCall=!0,t.doc??V()}[Symbol.iterator](){return this}next(){let t=this._currentNode,n=t&&t.content&&t.
content.type;if(t!==null&&(!this._firstCall||t.deleted||!this._filter(n)))do if(n=t.content.type,!t.deleted&&(n.constructor===
se||n.constructor===re)&&n._start!==null)t=n._start;else for(;t!==null;){let r=t.next;if(r!==null){t=r;break}else t.parent===
this._root?t=null:t=t.parent._item}while(t!==null&&(t.deleted||!this._filter(t.content.type)));return this._firstCall=!1,
t===null?{value:void 0,done:!0}:(this._currentNode=t,{value:t.content.type,done:!1})}},re=class e extends U{constructor(){
super(),this._prelimContent=[]}get firstChild(){let t=this._first;return t?t.content.getContent()[0]:null}_integrate(t,n){
super._integrate(t,n),this.insert(0,this._prelimContent),this._prelimContent=null}_copy(){return new e}clone(){let t=new e;
return t.insert(0,this.toArray().map(n=>n instanceof U?n.clone():n)),t}get length(){return this.doc??V(),this._prelimContent===
null?this._length:this._prelimContent.length}createTreeWalker(t){return new ve(this,t)}querySelector(t){t=t.toUpperCase();
let r=new ve(this,s=>s.nodeName&&s.nodeName.toUpperCase()===t).next();return r.done?null:r.value}querySelectorAll(t){return t=
t.toUpperCase(),Y(new ve(this,n=>n.nodeName&&n.nodeName.toUpperCase()===t))}_callObserver(t,n){Vn(this,t,new Tr(this,n,t))}toString(){
return _i(this,t=>t.toString()).join("")}toJSON(){return this.toString()}toDOM(t=document,n={},r){let s=t.createDocumentFragment();
return r!==void 0&&r._createAssociation(s,this),Be(this,i=>{s.insertBefore(i.toDOM(t,n,r),null)}),s}insert(t,n){this.doc!==
null?x(this.doc,r=>{Ci(r,this,t,n)}):this._prelimContent.splice(t,0,...n)}insertAfter(t,n){if(this.doc!==null)x(this.doc,
r=>{let s=t&&t instanceof U?t._item:t;Cn(r,this,s,n)});else{let r=this._prelimContent,s=t===null?0:r.findIndex(i=>i===t)+
1;if(s===0&&t!==null)throw G("Reference item not found");r.splice(s,0,...n)}}delete(t,n=1){this.doc!==null?x(this.doc,r=>{
Ai(r,this,t,n)}):this._prelimContent.splice(t,n)}toArray(){return Si(this)}push(t){this.insert(this.length,t)}unshift(t){
this.insert(0,t)}get(t){return Ei(this,t)}slice(t=0,n=this.length){return ki(this,t,n)}forEach(t){Be(this,t)}_write(t){t.
writeTypeRef(pl)}},Kc=e=>new re,se=class e extends re{constructor(t="UNDEFINED"){super(),this.nodeName=t,this._prelimAttrs=
new Map}get nextSibling(){let t=this._item?this._item.next:null;return t?t.content.type:null}get prevSibling(){let t=this.
_item?this._item.prev:null;return t?t.content.type:null}_integrate(t,n){super._integrate(t,n),this._prelimAttrs.forEach(
(r,s)=>{this.setAttribute(s,r)}),this._prelimAttrs=null}_copy(){return new e(this.nodeName)}clone(){let t=new e(this.nodeName),
n=this.getAttributes();return us(n,(r,s)=>{t.setAttribute(s,r)}),t.insert(0,this.toArray().map(r=>r instanceof U?r.clone():
r)),t}toString(){let t=this.getAttributes(),n=[],r=[];for(let c in t)r.push(c);r.sort();let s=r.length;for(let c=0;c<s;c++){
let l=r[c];n.push(l+'="'+t[l]+'"')}let i=this.nodeName.toLocaleLowerCase(),o=n.length>0?" "+n.join(" "):"";return`<${i}${o}\
>${super.toString()}</${i}>`}removeAttribute(t){this.doc!==null?x(this.doc,n=>{An(n,this,t)}):this._prelimAttrs.delete(t)}setAttribute(t,n){
this.doc!==null?x(this.doc,r=>{jr(r,this,t,n)}):this._prelimAttrs.set(t,n)}getAttribute(t){return qr(this,t)}hasAttribute(t){
return Di(this,t)}getAttributes(t){return t?qc(this,t):Ii(this)}toDOM(t=document,n={},r){let s=t.createElement(this.nodeName),
i=this.getAttributes();for(let o in i){let c=i[o];typeof c=="string"&&s.setAttribute(o,c)}return Be(this,o=>{s.appendChild(
o.toDOM(t,n,r))}),r!==void 0&&r._createAssociation(s,this),s}_write(t){t.writeTypeRef(fl),t.writeKey(this.nodeName)}},Yc=e=>new se(
e.readKey()),Tr=class extends te{constructor(t,n,r){super(t,r),this.childListChanged=!1,this.attributesChanged=new Set,n.
forEach(s=>{s===null?this.childListChanged=!0:this.attributesChanged.add(s)})}},In=class e extends ne{constructor(t){super(),
this.hookName=t}_copy(){return new e(this.hookName)}clone(){let t=new e(this.hookName);return this.forEach((n,r)=>{t.set(
r,n)}),t}toDOM(t=document,n={},r){let s=n[this.hookName],i;return s!==void 0?i=s.createDom(this):i=document.createElement(
this.hookName),i.setAttribute("data-yjs-hook",this.hookName),r!==void 0&&r._createAssociation(i,this),i}_write(t){t.writeTypeRef(
gl),t.writeKey(this.hookName)}},Wc=e=>new In(e.readKey()),vr=class e extends Re{get nextSibling(){let t=this._item?this.
_item.next:null;return t?t.content.type:null}get prevSibling(){let t=this._item?this._item.prev:null;return t?t.content.
type:null}_copy(){return new e}clone(){let t=new e;return t.applyDelta(this.toDelta()),t}toDOM(t=document,n,r){let s=t.createTextNode(
this.toString());return r!==void 0&&r._createAssociation(s,this),s}toString(){return this.toDelta().map(t=>{let n=[];for(let s in t.
attributes){let i=[];for(let o in t.attributes[s])i.push({key:o,value:t.attributes[s][o]});i.sort((o,c)=>o.key<c.key?-1:
1),n.push({nodeName:s,attrs:i})}n.sort((s,i)=>s.nodeName<i.nodeName?-1:1);let r="";for(let s=0;s<n.length;s++){let i=n[s];
r+=`<${i.nodeName}`;for(let o=0;o<i.attrs.length;o++){let c=i.attrs[o];r+=` ${c.key}="${c.value}"`}r+=">"}r+=t.insert;for(let s=n.
length-1;s>=0;s--)r+=`</${n[s].nodeName}>`;return r}).join("")}toJSON(){return this.toString()}_write(t){t.writeTypeRef(
ml)}},Zc=e=>new vr,$e=class{constructor(t,n){this.id=t,this.length=n}get deleted(){throw z()}mergeWith(t){return!1}write(t,n,r){
throw z()}integrate(t,n){throw z()}},Qc=0,R=class extends $e{get deleted(){return!0}delete(){}mergeWith(t){return this.constructor!==
t.constructor?!1:(this.length+=t.length,!0)}integrate(t,n){n>0&&(this.id.clock+=n,this.length-=n),ui(t.doc.store,this)}write(t,n){
t.writeInfo(Qc),t.writeLen(this.length-n)}getMissing(t,n){return null}},ie=class e{constructor(t){this.content=t}getLength(){
return 1}getContent(){return[this.content]}isCountable(){return!0}copy(){return new e(this.content)}splice(t){throw z()}mergeWith(t){
return!1}integrate(t,n){}delete(t){}gc(t){}write(t,n){t.writeBuf(this.content)}getRef(){return 3}},tl=e=>new ie(e.readBuf()),
Fe=class e{constructor(t){this.len=t}getLength(){return this.len}getContent(){return[]}isCountable(){return!1}copy(){return new e(
this.len)}splice(t){let n=new e(this.len-t);return this.len=t,n}mergeWith(t){return this.len+=t.len,!0}integrate(t,n){Oe(
t.deleteSet,n.id.client,n.id.clock,this.len),n.markDeleted()}delete(t){}gc(t){}write(t,n){t.writeLen(this.len-n)}getRef(){
return 1}},el=e=>new Fe(e.readLen()),Ni=(e,t)=>new Ct({guid:e,...t,shouldLoad:t.shouldLoad||t.autoLoad||!1}),oe=class e{constructor(t){
t._item&&console.error("This document was already integrated as a sub-document. You should create a second instance inst\
ead with the same guid."),this.doc=t;let n={};this.opts=n,t.gc||(n.gc=!1),t.autoLoad&&(n.autoLoad=!0),t.meta!==null&&(n.
meta=t.meta)}getLength(){return 1}getContent(){return[this.doc]}isCountable(){return!0}copy(){return new e(Ni(this.doc.guid,
this.opts))}splice(t){throw z()}mergeWith(t){return!1}integrate(t,n){this.doc._item=n,t.subdocsAdded.add(this.doc),this.
doc.shouldLoad&&t.subdocsLoaded.add(this.doc)}delete(t){t.subdocsAdded.has(this.doc)?t.subdocsAdded.delete(this.doc):t.subdocsRemoved.
add(this.doc)}gc(t){}write(t,n){t.writeString(this.doc.guid),t.writeAny(this.opts)}getRef(){return 9}},nl=e=>new oe(Ni(e.
readString(),e.readAny())),wt=class e{constructor(t){this.embed=t}getLength(){return 1}getContent(){return[this.embed]}isCountable(){
return!0}copy(){return new e(this.embed)}splice(t){throw z()}mergeWith(t){return!1}integrate(t,n){}delete(t){}gc(t){}write(t,n){
t.writeJSON(this.embed)}getRef(){return 5}},rl=e=>new wt(e.readJSON()),C=class e{constructor(t,n){this.key=t,this.value=
n}getLength(){return 1}getContent(){return[]}isCountable(){return!1}copy(){return new e(this.key,this.value)}splice(t){throw z()}mergeWith(t){
return!1}integrate(t,n){let r=n.parent;r._searchMarker=null,r._hasFormatting=!0}delete(t){}gc(t){}write(t,n){t.writeKey(
this.key),t.writeJSON(this.value)}getRef(){return 6}},sl=e=>new C(e.readKey(),e.readJSON()),Dn=class e{constructor(t){this.
arr=t}getLength(){return this.arr.length}getContent(){return this.arr}isCountable(){return!0}copy(){return new e(this.arr)}splice(t){
let n=new e(this.arr.slice(t));return this.arr=this.arr.slice(0,t),n}mergeWith(t){return this.arr=this.arr.concat(t.arr),
!0}integrate(t,n){}delete(t){}gc(t){}write(t,n){let r=this.arr.length;t.writeLen(r-n);for(let s=n;s<r;s++){let i=this.arr[s];
t.writeString(i===void 0?"undefined":JSON.stringify(i))}}getRef(){return 2}},il=e=>{let t=e.readLen(),n=[];for(let r=0;r<
t;r++){let s=e.readString();s==="undefined"?n.push(void 0):n.push(JSON.parse(s))}return new Dn(n)},ol=_e("node_env")==="\
development",It=class e{constructor(t){this.arr=t,ol&&Yn(t)}getLength(){return this.arr.length}getContent(){return this.
arr}isCountable(){return!0}copy(){return new e(this.arr)}splice(t){let n=new e(this.arr.slice(t));return this.arr=this.arr.
slice(0,t),n}mergeWith(t){return this.arr=this.arr.concat(t.arr),!0}integrate(t,n){}delete(t){}gc(t){}write(t,n){let r=this.
arr.length;t.writeLen(r-n);for(let s=n;s<r;s++){let i=this.arr[s];t.writeAny(i)}}getRef(){return 8}},cl=e=>{let t=e.readLen(),
n=[];for(let r=0;r<t;r++)n.push(e.readAny());return new It(n)},nt=class e{constructor(t){this.str=t}getLength(){return this.
str.length}getContent(){return this.str.split("")}isCountable(){return!0}copy(){return new e(this.str)}splice(t){let n=new e(
this.str.slice(t));this.str=this.str.slice(0,t);let r=this.str.charCodeAt(t-1);return r>=55296&&r<=56319&&(this.str=this.
str.slice(0,t-1)+"\uFFFD",n.str="\uFFFD"+n.str.slice(1)),n}mergeWith(t){return this.str+=t.str,!0}integrate(t,n){}delete(t){}gc(t){}write(t,n){
t.writeString(n===0?this.str:this.str.slice(n))}getRef(){return 4}},ll=e=>new nt(e.readString()),al=[Gc,zc,Pc,Yc,Kc,Wc,Zc],
hl=0,ul=1,dl=2,fl=3,pl=4,gl=5,ml=6,K=class e{constructor(t){this.type=t}getLength(){return 1}getContent(){return[this.type]}isCountable(){
return!0}copy(){return new e(this.type._copy())}splice(t){throw z()}mergeWith(t){return!1}integrate(t,n){this.type._integrate(
t.doc,n)}delete(t){let n=this.type._start;for(;n!==null;)n.deleted?n.id.clock<(t.beforeState.get(n.id.client)||0)&&t._mergeStructs.
push(n):n.delete(t),n=n.right;this.type._map.forEach(r=>{r.deleted?r.id.clock<(t.beforeState.get(r.id.client)||0)&&t._mergeStructs.
push(r):r.delete(t)}),t.changed.delete(this.type)}gc(t){let n=this.type._start;for(;n!==null;)n.gc(t,!0),n=n.right;this.
type._start=null,this.type._map.forEach(r=>{for(;r!==null;)r.gc(t,!0),r=r.left}),this.type._map=new Map}write(t,n){this.
type._write(t)}getRef(){return 7}},wl=e=>new K(al[e.readTypeRef()](e)),Or=(e,t)=>{let n=t,r=0,s;do r>0&&(n=m(n.client,n.
clock+r)),s=Kt(e,n),r=n.clock-s.id.clock,n=s.redone;while(n!==null&&s instanceof b);return{item:s,diff:r}},Gr=(e,t)=>{for(;e!==
null&&e.keep!==t;)e.keep=t,e=e.parent._item},Tn=(e,t,n)=>{let{client:r,clock:s}=t.id,i=new b(m(r,s+n),t,m(r,s+n-1),t.right,
t.rightOrigin,t.parent,t.parentSub,t.content.splice(n));return t.deleted&&i.markDeleted(),t.keep&&(i.keep=!0),t.redone!==
null&&(i.redone=m(t.redone.client,t.redone.clock+n)),t.right=i,i.right!==null&&(i.right.left=i),e._mergeStructs.push(i),
i.parentSub!==null&&i.right===null&&i.parent._map.set(i.parentSub,i),t.length=n,i},ni=(e,t)=>he(e,n=>ce(n.deletions,t)),
Li=(e,t,n,r,s,i)=>{let o=e.doc,c=o.store,l=o.clientID,h=t.redone;if(h!==null)return M(e,h);let a=t.parent._item,u=null,d;
if(a!==null&&a.deleted===!0){if(a.redone===null&&(!n.has(a)||Li(e,a,n,r,s,i)===null))return null;for(;a.redone!==null;)a=
M(e,a.redone)}let f=a===null?t.parent:a.content.type;if(t.parentSub===null){for(u=t.left,d=t;u!==null;){let S=u;for(;S!==
null&&S.parent._item!==a;)S=S.redone===null?null:M(e,S.redone);if(S!==null&&S.parent._item===a){u=S;break}u=u.left}for(;d!==
null;){let S=d;for(;S!==null&&S.parent._item!==a;)S=S.redone===null?null:M(e,S.redone);if(S!==null&&S.parent._item===a){
d=S;break}d=d.right}}else{if(d=null,t.right&&!s){for(u=t;u!==null&&u.right!==null&&(u.right.redone||ce(r,u.right.id)||ni(
i.undoStack,u.right.id)||ni(i.redoStack,u.right.id));)for(u=u.right;u.redone;)u=M(e,u.redone);if(u&&u.right!==null)return null}else
u=f._map.get(t.parentSub)||null;u!==null&&u.parent._item!==a&&(u=f._map.get(t.parentSub)||null)}let p=_(c,l),y=m(l,p),k=new b(
y,u,u&&u.lastId,d,d&&d.id,f,t.parentSub,t.content.copy());return t.redone=y,Gr(k,!0),k.integrate(e,0),k},b=class e extends $e{constructor(t,n,r,s,i,o,c,l){
super(t,l.getLength()),this.origin=r,this.left=n,this.right=s,this.rightOrigin=i,this.parent=o,this.parentSub=c,this.redone=
null,this.content=l,this.info=this.content.isCountable()?2:0}set marker(t){(this.info&8)>0!==t&&(this.info^=8)}get marker(){
return(this.info&8)>0}get keep(){return(this.info&1)>0}set keep(t){this.keep!==t&&(this.info^=1)}get countable(){return(this.
info&2)>0}get deleted(){return(this.info&4)>0}set deleted(t){this.deleted!==t&&(this.info^=4)}markDeleted(){this.info|=4}getMissing(t,n){
if(this.origin&&this.origin.client!==this.id.client&&this.origin.clock>=_(n,this.origin.client))return this.origin.client;
if(this.rightOrigin&&this.rightOrigin.client!==this.id.client&&this.rightOrigin.clock>=_(n,this.rightOrigin.client))return this.
rightOrigin.client;if(this.parent&&this.parent.constructor===pt&&this.id.client!==this.parent.client&&this.parent.clock>=
_(n,this.parent.client))return this.parent.client;if(this.origin&&(this.left=Js(t,n,this.origin),this.origin=this.left.lastId),
this.rightOrigin&&(this.right=M(t,this.rightOrigin),this.rightOrigin=this.right.id),this.left&&this.left.constructor===R||
this.right&&this.right.constructor===R)this.parent=null;else if(!this.parent)this.left&&this.left.constructor===e?(this.
parent=this.left.parent,this.parentSub=this.left.parentSub):this.right&&this.right.constructor===e&&(this.parent=this.right.
parent,this.parentSub=this.right.parentSub);else if(this.parent.constructor===pt){let r=Kt(n,this.parent);r.constructor===
R?this.parent=null:this.parent=r.content.type}return null}integrate(t,n){if(n>0&&(this.id.clock+=n,this.left=Js(t,t.doc.
store,m(this.id.client,this.id.clock-1)),this.origin=this.left.lastId,this.content=this.content.splice(n),this.length-=n),
this.parent){if(!this.left&&(!this.right||this.right.left!==null)||this.left&&this.left.right!==this.right){let r=this.left,
s;if(r!==null)s=r.right;else if(this.parentSub!==null)for(s=this.parent._map.get(this.parentSub)||null;s!==null&&s.left!==
null;)s=s.left;else s=this.parent._start;let i=new Set,o=new Set;for(;s!==null&&s!==this.right;){if(o.add(s),i.add(s),Pt(
this.origin,s.origin)){if(s.id.client<this.id.client)r=s,i.clear();else if(Pt(this.rightOrigin,s.rightOrigin))break}else if(s.
origin!==null&&o.has(Kt(t.doc.store,s.origin)))i.has(Kt(t.doc.store,s.origin))||(r=s,i.clear());else break;s=s.right}this.
left=r}if(this.left!==null){let r=this.left.right;this.right=r,this.left.right=this}else{let r;if(this.parentSub!==null)
for(r=this.parent._map.get(this.parentSub)||null;r!==null&&r.left!==null;)r=r.left;else r=this.parent._start,this.parent.
_start=this;this.right=r}this.right!==null?this.right.left=this:this.parentSub!==null&&(this.parent._map.set(this.parentSub,
this),this.left!==null&&this.left.delete(t)),this.parentSub===null&&this.countable&&!this.deleted&&(this.parent._length+=
this.length),ui(t.doc.store,this),this.content.integrate(t,this),Ps(t,this.parent,this.parentSub),(this.parent._item!==null&&
this.parent._item.deleted||this.parentSub!==null&&this.right!==null)&&this.delete(t)}else new R(this.id,this.length).integrate(
t,0)}get next(){let t=this.right;for(;t!==null&&t.deleted;)t=t.right;return t}get prev(){let t=this.left;for(;t!==null&&
t.deleted;)t=t.left;return t}get lastId(){return this.length===1?this.id:m(this.id.client,this.id.clock+this.length-1)}mergeWith(t){
if(this.constructor===t.constructor&&Pt(t.origin,this.lastId)&&this.right===t&&Pt(this.rightOrigin,t.rightOrigin)&&this.
id.client===t.id.client&&this.id.clock+this.length===t.id.clock&&this.deleted===t.deleted&&this.redone===null&&t.redone===
null&&this.content.constructor===t.content.constructor&&this.content.mergeWith(t.content)){let n=this.parent._searchMarker;
return n&&n.forEach(r=>{r.p===t&&(r.p=this,!this.deleted&&this.countable&&(r.index-=this.length))}),t.keep&&(this.keep=!0),
this.right=t.right,this.right!==null&&(this.right.left=this),this.length+=t.length,!0}return!1}delete(t){if(!this.deleted){
let n=this.parent;this.countable&&this.parentSub===null&&(n._length-=this.length),this.markDeleted(),Oe(t.deleteSet,this.
id.client,this.id.clock,this.length),Ps(t,n,this.parentSub),this.content.delete(t)}}gc(t,n){if(!this.deleted)throw T();this.
content.gc(t),n?Ic(t,this,new R(this.id,this.length)):this.content=new Fe(this.length)}write(t,n){let r=n>0?m(this.id.client,
this.id.clock+n-1):this.origin,s=this.rightOrigin,i=this.parentSub,o=this.content.getRef()&31|(r===null?0:128)|(s===null?
0:64)|(i===null?0:32);if(t.writeInfo(o),r!==null&&t.writeLeftID(r),s!==null&&t.writeRightID(s),r===null&&s===null){let c=this.
parent;if(c._item!==void 0){let l=c._item;if(l===null){let h=ai(c);t.writeParentInfo(!0),t.writeString(h)}else t.writeParentInfo(
!1),t.writeLeftID(l.id)}else c.constructor===String?(t.writeParentInfo(!0),t.writeString(c)):c.constructor===pt?(t.writeParentInfo(
!1),t.writeLeftID(c)):T();i!==null&&t.writeString(i)}this.content.write(t,n)}},Bi=(e,t)=>yl[t&31](e),yl=[()=>{T()},el,il,
tl,ll,rl,sl,wl,cl,nl,()=>{T()}],xl=10,N=class extends $e{get deleted(){return!0}delete(){}mergeWith(t){return this.constructor!==
t.constructor?!1:(this.length+=t.length,!0)}integrate(t,n){T()}write(t,n){t.writeInfo(xl),g(t.restEncoder,this.length-n)}getMissing(t,n){
return null}},Mi=typeof globalThis<"u"?globalThis:typeof window<"u"?window:typeof global<"u"?global:{},Ri="__ $YJS$ __";
Mi[Ri]===!0&&console.error("Yjs was already imported. This breaks constructor checks and will lead to issues! - https://\
github.com/yjs/yjs/issues/438");Mi[Ri]=!0;export{kr as AbsolutePosition,Rs as AbstractConnector,$e as AbstractStruct,U as AbstractType,ee as Array,It as ContentAny,
ie as ContentBinary,Fe as ContentDeleted,oe as ContentDoc,wt as ContentEmbed,C as ContentFormat,Dn as ContentJSON,nt as ContentString,
K as ContentType,Ct as Doc,R as GC,pt as ID,b as Item,ne as Map,Hs as PermanentUserData,Ve as RelativePosition,N as Skip,
_n as Snapshot,Re as Text,Er as Transaction,Ws as UndoManager,H as UpdateDecoderV1,j as UpdateDecoderV2,ct as UpdateEncoderV1,
X as UpdateEncoderV2,se as XmlElement,re as XmlFragment,In as XmlHook,vr as XmlText,Ar as YArrayEvent,te as YEvent,Ir as YMapEvent,
Dr as YTextEvent,Tr as YXmlEvent,fa as applyUpdate,Mr as applyUpdateV2,Jc as cleanupYTextFormatting,Pt as compareIDs,_a as compareRelativePositions,
$a as convertUpdateFormatV1ToV2,Bc as convertUpdateFormatV2ToV1,Sa as createAbsolutePositionFromRelativePosition,Lr as createDeleteSet,
ri as createDeleteSetFromStructStore,Da as createDocFromSnapshot,m as createID,ya as createRelativePositionFromJSON,xa as createRelativePositionFromTypeIndex,
hi as createSnapshot,ka as decodeRelativePosition,Ca as decodeSnapshot,Uc as decodeSnapshotV2,ci as decodeStateVector,Va as decodeUpdate,
vc as decodeUpdateV2,Ba as diffUpdate,mi as diffUpdateV2,Aa as emptySnapshot,ba as encodeRelativePosition,Ua as encodeSnapshot,
Ec as encodeSnapshotV2,pa as encodeStateAsUpdate,wc as encodeStateAsUpdateV2,ga as encodeStateVector,Na as encodeStateVectorFromUpdate,
Vc as encodeStateVectorFromUpdateV2,uc as equalDeleteSets,Ea as equalSnapshots,P as findIndexSS,ai as findRootTypeKey,Kt as getItem,
Js as getItemCleanEnd,M as getItemCleanStart,_ as getState,Fa as getTypeChildren,ce as isDeleted,Sn as isParentOf,Wt as iterateDeletedStructs,
ma as logType,Oa as logUpdate,Tc as logUpdateV2,Zt as mergeDeleteSets,Oc as mergeUpdates,Un as mergeUpdatesV2,Ma as obfuscateUpdate,
Ra as obfuscateUpdateV2,La as parseUpdateMeta,Nc as parseUpdateMetaV2,da as readUpdate,ii as readUpdateV2,wa as relativePositionToJSON,
Ia as snapshot,Ta as snapshotContainsUpdate,x as transact,va as tryGc,ja as typeListToArraySnapshot,qc as typeMapGetAllSnapshot,
qa as typeMapGetSnapshot};
