/**
 * Puts new tips into the page's list, each in its place, as text; the list keeps a hundred. A page that nobody sees listens
 * to nothing, and catches up when it is seen.
 */
export const LIVE_PAGE_SCRIPT = `
const list=document.querySelector('.tips[data-handle]');
if(list){
const at=(item)=>place(item.dataset.cursor);
const put=(parent,name,text,more)=>parent.appendChild(Object.assign(document.createElement(name),{textContent:text},more));
const minute=new Intl.DateTimeFormat('en',{dateStyle:'medium',timeStyle:'short',timeZone:'UTC',hourCycle:'h23'});
const live=follow(list.dataset,[...list.children].map(at),(tip,here)=>{
const item=Object.assign(document.createElement('li'),{className:'new'}),row=put(item,'div','');
item.dataset.cursor=tip.cursor;
put(row,'b',sat(tip.amountMsat));
put(row,'time',minute.format(new Date(tip.settledAt))+' UTC',{dateTime:tip.settledAt});
if(tip.sender)put(item,'p',tip.sender,{className:'soft',dir:'auto'});
if(tip.message)put(item,'p',tip.message,{dir:'auto'});
list.insertBefore(item,[...list.children].find((each)=>at(each)<here)||null);
if(list.children.length>100)list.lastChild.remove();
});
const see=()=>document.hidden?live.stop():live.start();
document.addEventListener('visibilitychange',see);
see();
}
`;
