/** Buttons that copy what stands in a field. They show themselves where it works; without them it can be selected. */
const COPY = `
for(const button of document.querySelectorAll('[data-copy]')){
const field=document.getElementById(button.dataset.copy);
field.onfocus=()=>field.select();
if(!navigator.clipboard)continue;
button.hidden=false;
button.onclick=()=>navigator.clipboard.writeText(field.value).then(()=>{button.textContent='Copied'},()=>field.select());
}
`;

/**
 * A form that pays with the browser's own wallet, shown where there is one (WebLN); a wallet may come later than the page,
 * and tells so at the window or the document. That a tip has arrived is said when it is booked (LUD-21), not on the wallet's word. Whatever goes wrong is said in words, as text. No element may have the id
 * `webln`: it would be `window.webln` where there is no wallet.
 */
const WEBLN = `
const form=document.querySelector('#browser-wallet');
if(form){
const say=(text)=>{form.querySelector('output').textContent=text};
const show=()=>{if(window.webln)form.hidden=false};
show();
addEventListener('webln:ready',show,true);
const pay=async()=>{
const {amount,comment}=form.elements;
const msat=form.dataset.amount||(/^[1-9]\\d{0,15}$/.test(amount.value.trim())?amount.value.trim()+'000':'');
if(!msat)return say('Amount: a whole number of satoshi, please.');
const at=new URL(form.dataset.callback,location);
at.searchParams.set('amount',msat);
if(comment.value)at.searchParams.set('comment',comment.value);
say('Asking for an invoice…');
let answer;
try{answer=await(await fetch(at)).json()}catch{return say('No invoice came: the service did not answer. The AMP code may still work.')}
if(!answer.pr)return say('No invoice came: '+(answer.reason||'the service gave no reason')+'.');
say('Your wallet asks you now.');
try{await window.webln.enable();await window.webln.sendPayment(answer.pr)}catch(error){return say('Your wallet did not pay: '+(error&&error.message||error||'it gave no reason')+'.')}
say('Your wallet says that it paid. Waiting for it to arrive…');
for(let look=0;look<20;look++){
if(look)await new Promise((resolve)=>setTimeout(resolve,1000));
try{if((await(await fetch(new URL(answer.verify).pathname,{cache:'no-store'})).json()).settled)return say('Thank you! Your tip has arrived.')}catch{}
}
say('Your wallet says that it paid. The tip has not been seen here yet; it is booked when it arrives.');
};
form.onsubmit=async(event)=>{
event.preventDefault();
const button=form.querySelector('button');
if(button.disabled)return;
button.disabled=true;
await pay();
button.disabled=false;
};
}
`;

/** The script of all pages. */
export const PAGE_SCRIPT = COPY + WEBLN;
