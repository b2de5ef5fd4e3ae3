/**
 * The browser's side of live tips, as text for pages and the widget: `place` gives the number in a cursor, `sat` an amount
 * of msat in satoshi with thousands set apart, and `follow` tells of each tip once.
 *
 * `follow(where, known, show)` begins after the cursor `where.after`, at the page's own origin or at `where.origin`; `known`
 * are places of tips that are on the page already. It listens first and reads what it missed then, by `?after=`: at once, and again after five seconds, by when the
 * index that lists tips has caught up with the channel. Tips may arrive twice and, from AppSync, out of order, so what was
 * shown is remembered, and a new connection begins where the last one was a minute before its newest tip. Connections that
 * fail are made anew after 1 s, 2 s, 4 s … up to a minute, less a random part; so is one on which two heartbeats in a row are
 * missed, for a connection that is half open gives no error. Where `where.looks` is true it holds no connection and looks every 15 s.
 * @see https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html
 */
export const LIVE_CLIENT = `
const place=(cursor)=>[...atob(cursor.replace(/-/g,'+').replace(/_/g,'/')).slice(0,8)].reduce((sum,byte)=>sum*256+byte.charCodeAt(),0);
const sat=(msat)=>{
const digits=msat.padStart(4,'0'),rest=digits.slice(-3).replace(/0+$/,'');
return digits.slice(0,-3).replace(/\\B(?=(\\d{3})+$)/g,',')+(rest&&'.'+rest)+' sat';
};
const follow=(where,known,show)=>{
const{handle,after,socket,host,origin=''}=where;
const feed=origin+'/v1/creators/'+handle;
const seen=new Set(known),floor=Math.min(place(after),...known);
let from=after,mark=after,newest=after,marked=Date.now(),wait=1000,patience=socket?15e3:45e3,end,again,later,silence;
const take=(tip)=>{
const at=place(tip.cursor);
if(at<=floor||seen.has(at))return;
seen.add(at);
if(seen.size>1e4)seen.delete(seen.values().next().value);
if(Date.now()-marked>6e4){from=mark;mark=newest;marked=Date.now()}
if(at>place(newest))newest=tip.cursor;
show(tip,at);
};
const read=async()=>{
for(let at=from;at;){
const answer=await fetch(feed+'/tips?limit=100&after='+at,{cache:'no-store'});
if(!answer.ok)throw answer.status;
const{tips,nextCursor}=await answer.json();
tips.forEach(take);
at=nextCursor;
}
};
const stop=()=>{
[again,later,silence].forEach(clearTimeout);
if(end)end();
end=0;
};
const retry=()=>{
stop();
again=setTimeout(start,wait*(.5+Math.random()/2));
wait=Math.min(wait*2,6e4);
};
const heard=()=>{
clearTimeout(silence);
silence=setTimeout(retry,patience);
};
const byEvents=()=>{
const source=new EventSource(feed+'/live?after='+from);
heard();
source.onopen=()=>{wait=1000;heard()};
source.onmessage=({data})=>{heard();take(JSON.parse(data))};
source.addEventListener('heartbeat',({data})=>{patience=data*2.25;heard()});
source.onerror=retry;
return()=>source.close();
};
const byLooks=()=>{
let open=true;
const look=()=>read().then(()=>{wait=1000;if(open)later=setTimeout(look,15e3)},()=>open&&retry());
look();
return()=>{open=false};
};
const bySocket=()=>{
const authorization={host,Authorization:'public'};
const header=btoa(JSON.stringify(authorization)).replace(/\\+/g,'-').replace(/\\//g,'_').replace(/=+$/,'');
const web=new WebSocket(socket,['aws-appsync-event-ws','header-'+header]);
const send=(message)=>web.send(JSON.stringify(message));
const catchUp=()=>read().catch(()=>web.onclose&&retry());
heard();
web.onopen=()=>send({type:'connection_init'});
web.onclose=retry;
web.onmessage=({data})=>{
const{type,event,connectionTimeoutMs}=JSON.parse(data);
if(connectionTimeoutMs)patience=connectionTimeoutMs;
heard();
if(type==='connection_ack')send({type:'subscribe',id:handle,channel:'/tips/'+handle,authorization});
else if(type==='subscribe_success'){
wait=1000;
catchUp();
later=setTimeout(catchUp,5000);
}
else if(type==='data')[].concat(event).forEach((text)=>take(JSON.parse(text)));
else if(/error/.test(type))retry();
};
return()=>{
web.onclose=web.onmessage=null;
web.close();
};
};
const start=()=>{
stop();
end=(socket?bySocket:where.looks?byLooks:byEvents)();
};
return{start,stop};
};
`;
